//! The hash of a call's arguments, and tables of such hashes.

use std::hash::Hasher;

/// The hash of a call's arguments.
pub(crate) type Digest = [u8; 32];

/// The part of a digest that decides on an entry's shard. It is of the second half; the first half names the entry.
pub(crate) const SHARD: std::ops::Range<usize> = 16..20;

/// Digests are random already: their first bytes are the hash.
#[derive(Debug, Default)]
pub(crate) struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _length: usize) {}
}
