//! The hash of a call's arguments, and a hasher for tables keyed by it.

use std::hash::Hasher;

/// The hash of a call's arguments.
pub(crate) type Digest = [u8; 32];

/// The bytes of a digest that choose the entry's shard: of the second half, since the first half names the entry in Redis.
pub(crate) const SHARD: std::ops::Range<usize> = 16..20;

/// Takes a digest's first 8 bytes for its hash: digests are random already.
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
