//! What a stored value looks like: a header, the MessagePack payload, and a check over all of it.
//!
//! | bytes | holds |
//! |---|---|
//! | 0–1 | `hc` |
//! | 2 | format version |
//! | 3 | flags, all zero |
//! | 4–11 | fingerprint of the return type's shape |
//! | 12–19 | created at: milliseconds since the Unix epoch, little-endian |
//! | 20–23 | compute time: microseconds, little-endian, at most 71 minutes |
//! | 24… | payload |
//! | last 16 | keyed blake3 of the key's whole digest and everything above |
//!
//! The name of an entry holds half of the key's digest. The check covers all of it, so that two keys that share a
//! name are a miss for each other.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The first bytes of a type's schema digest.
pub(crate) type Fingerprint = [u8; 8];

const MAGIC: [u8; 2] = *b"hc";
const VERSION: u8 = 1;
const FLAGS: u8 = 0;
const HEADER: usize = 24;
const CHECK: usize = 16;

/// The key of the check.
#[derive(Clone, Copy)]
pub(crate) struct Seal([u8; blake3::KEY_LEN]);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Default for Seal {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Seal {
    /// Without a secret the check finds damage and mix-ups; with one it also finds values that someone without the
    /// secret has planted.
    pub(crate) fn new(secret: Option<&str>) -> Self {
        Self(blake3::derive_key(
            "redis-cache envelope check v1",
            secret.unwrap_or("").as_bytes(),
        ))
    }

    fn check(&self, digest: &[u8; 32], sealed: &[u8]) -> [u8; CHECK] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(digest);
        hasher.update(sealed);
        let mut check = [0; CHECK];
        check.copy_from_slice(&hasher.finalize().as_bytes()[..CHECK]);
        check
    }
}

/// An envelope while its payload is written.
#[derive(Debug)]
pub(crate) struct Draft {
    bytes: Vec<u8>,
}

impl Draft {
    /// Writes the header; the payload is then appended to what [`Draft::payload`] gives.
    pub(crate) fn new(fingerprint: Fingerprint, created: SystemTime, compute: Duration) -> Self {
        let created = created.duration_since(UNIX_EPOCH).unwrap_or_default();
        let created = u64::try_from(created.as_millis()).unwrap_or(u64::MAX);
        let compute = u32::try_from(compute.as_micros()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[VERSION, FLAGS]);
        bytes.extend_from_slice(&fingerprint);
        bytes.extend_from_slice(&created.to_le_bytes());
        bytes.extend_from_slice(&compute.to_le_bytes());
        Self { bytes }
    }

    pub(crate) fn payload(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends the envelope with its check.
    pub(crate) fn seal(mut self, seal: &Seal, digest: &[u8; 32]) -> Vec<u8> {
        let check = seal.check(digest, &self.bytes);
        self.bytes.extend_from_slice(&check);
        self.bytes
    }
}

/// An envelope that has passed its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opened<'a> {
    pub(crate) payload: &'a [u8],
    pub(crate) created: SystemTime,
    /// How long the body ran.
    pub(crate) compute: Duration,
}

/// Time since a value was computed; zero where the clocks disagree.
pub(crate) fn age(created: SystemTime) -> Duration {
    SystemTime::now()
        .duration_since(created)
        .unwrap_or_default()
}

/// Why stored bytes are not a value of this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Too short, or begins otherwise.
    Foreign,
    /// Written by a version of this crate with another format.
    Version,
    /// Written for another return type.
    Type,
    /// The check failed: damaged, planted, or another call's.
    Check,
    /// The payload is not a value of the return type.
    Payload,
}

/// Reads an envelope.
///
/// # Errors
///
/// Whatever does not check out, as [`Damage`].
pub(crate) fn open<'a>(
    bytes: &'a [u8],
    seal: &Seal,
    digest: &[u8; 32],
    fingerprint: Fingerprint,
) -> Result<Opened<'a>, Damage> {
    let Some((sealed, check)) = bytes.split_last_chunk::<CHECK>() else {
        return Err(Damage::Foreign);
    };
    let Some((header, payload)) = sealed.split_first_chunk::<HEADER>() else {
        return Err(Damage::Foreign);
    };
    if header[..2] != MAGIC {
        return Err(Damage::Foreign);
    }
    if header[2] != VERSION || header[3] != FLAGS {
        return Err(Damage::Version);
    }
    if header[4..12] != fingerprint {
        return Err(Damage::Type);
    }
    // `blake3::Hash` compares in constant time; half a hash has to be compared as one.
    if !same(&seal.check(digest, sealed), check) {
        return Err(Damage::Check);
    }
    let created = u64::from_le_bytes(field(header, 12));
    let compute = u32::from_le_bytes(field(header, 20));
    let created = UNIX_EPOCH
        .checked_add(Duration::from_millis(created))
        .ok_or(Damage::Foreign)?;
    Ok(Opened {
        payload,
        created,
        compute: Duration::from_micros(compute.into()),
    })
}

/// The `N` bytes of the header from `at` on.
fn field<const N: usize>(header: &[u8; HEADER], at: usize) -> [u8; N] {
    std::array::from_fn(|i| header[at + i])
}

/// Compares without telling by the time taken where two checks begin to differ.
fn same(a: &[u8; CHECK], b: &[u8; CHECK]) -> bool {
    a.iter()
        .zip(b)
        .fold(0, |difference, (a, b)| difference | (a ^ b))
        == 0
}

#[cfg(test)]
mod tests {
    use cache_fuzz::{Unstructured, fuzz, mutate, peak};

    use super::*;

    const DIGEST: [u8; 32] = [7; 32];
    const TYPE: Fingerprint = [3; 8];

    fn sealed() -> (Seal, Vec<u8>) {
        let seal = Seal::new(None);
        let created = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        let mut draft = Draft::new(TYPE, created, Duration::from_micros(2_500));
        draft.payload().extend_from_slice(b"payload");
        (seal, draft.seal(&seal, &DIGEST))
    }

    #[test]
    fn what_was_sealed_opens() {
        let (seal, bytes) = sealed();
        let opened = open(&bytes, &seal, &DIGEST, TYPE).unwrap();
        assert_eq!(opened.payload, b"payload");
        assert_eq!(
            opened.created,
            UNIX_EPOCH + Duration::from_millis(1_700_000_000_123)
        );
        assert_eq!(opened.compute, Duration::from_micros(2_500));
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let (seal, bytes) = sealed();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&damaged, &seal, &DIGEST, TYPE).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn every_truncation_and_extension_is_found() {
        let (seal, bytes) = sealed();
        for len in 0..bytes.len() {
            assert!(
                open(&bytes[..len], &seal, &DIGEST, TYPE).is_err(),
                "{len} bytes"
            );
        }
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(open(&longer, &seal, &DIGEST, TYPE), Err(Damage::Check));
    }

    #[test]
    fn another_key_type_or_secret_is_found() {
        let (seal, bytes) = sealed();
        assert_eq!(open(&bytes, &seal, &[8; 32], TYPE), Err(Damage::Check));
        assert_eq!(open(&bytes, &seal, &DIGEST, [4; 8]), Err(Damage::Type));
        let other = Seal::new(Some("rotated"));
        assert_eq!(open(&bytes, &other, &DIGEST, TYPE), Err(Damage::Check));
    }

    #[test]
    fn the_second_half_of_the_digest_counts() {
        let (seal, bytes) = sealed();
        let mut collided = DIGEST;
        collided[16..].fill(9);
        assert_eq!(open(&bytes, &seal, &collided, TYPE), Err(Damage::Check));
    }

    /// An envelope, and all that it has to be opened with.
    fn arbitrary(u: &mut Unstructured<'_>) -> cache_fuzz::Result<(Seal, [u8; 32], Vec<u8>)> {
        let (secret, digest): (Option<String>, _) = (u.arbitrary()?, u.arbitrary()?);
        let seal = Seal::new(secret.as_deref());
        let created = UNIX_EPOCH + Duration::from_millis(u.arbitrary::<u32>()?.into());
        let compute = Duration::from_micros(u.arbitrary::<u32>()?.into());
        let mut draft = Draft::new(TYPE, created, compute);
        let payload = u.arbitrary_len::<u8>()?;
        draft.payload().extend_from_slice(u.bytes(payload / 2)?);
        Ok((seal, digest, draft.seal(&seal, &digest)))
    }

    #[test]
    fn only_what_was_sealed_opens() {
        fuzz(10_000, |u| {
            let (seal, digest, sealed) = arbitrary(u)?;
            let opened = open(&sealed, &seal, &digest, TYPE).unwrap();
            assert_eq!(opened.payload, &sealed[HEADER..sealed.len() - CHECK]);

            let mut damaged = sealed.clone();
            let words: [&[u8]; 4] = [&MAGIC, &TYPE, &sealed, &[0xff; 8]];
            mutate(&mut damaged, &words, u)?;
            let (opened, used) = peak(|| open(&damaged, &seal, &digest, TYPE));
            assert_eq!(used, 0, "bytes to open {}", damaged.len());
            assert_eq!(opened.is_ok(), damaged == sealed);

            let mut other = digest;
            other[u.choose_index(other.len())?] ^= u.int_in_range(1..=u8::MAX)?;
            assert_eq!(open(&sealed, &seal, &other, TYPE), Err(Damage::Check));
            let (other, _, _) = arbitrary(u)?;
            let opened = open(&sealed, &other, &digest, TYPE);
            assert_eq!(opened.is_ok(), other.0 == seal.0);

            let rest = u.bytes(u.len())?;
            assert!(open(rest, &seal, &digest, TYPE).is_err());
            Ok(())
        });
    }

    #[test]
    fn what_is_sealed_for_a_time_beyond_all_clocks_does_not_panic() {
        for created in [
            0,
            u64::MAX,
            u64::MAX / 2,
            i64::MAX.unsigned_abs() / 1_000_000,
        ] {
            let (seal, mut bytes) = sealed();
            bytes[12..20].copy_from_slice(&created.to_le_bytes());
            let end = bytes.len() - CHECK;
            let check = seal.check(&DIGEST, &bytes[..end]);
            bytes[end..].copy_from_slice(&check);
            if let Ok(opened) = open(&bytes, &seal, &DIGEST, TYPE) {
                age(opened.created);
            }
        }
    }

    #[test]
    fn a_seal_never_shows_its_key() {
        assert_eq!(format!("{:?}", Seal::new(Some("hunter2"))), "Seal(…)");
    }
}
