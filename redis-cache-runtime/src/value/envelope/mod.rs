//! The format of a stored value: a header, the MessagePack payload, and a check over both.
//!
//! | bytes | holds |
//! |---|---|
//! | 0–1 | `hc` |
//! | 2 | format version |
//! | 3 | flags, all zero |
//! | 4–11 | the value's shape |
//! | 12–19 | created at: milliseconds since the Unix epoch, little-endian |
//! | 20–23 | compute time: microseconds, little-endian, at most 71 minutes |
//! | 24… | payload |
//! | last 16 | the check over the key's whole digest and everything above: see [`Seal`] |
//!
//! The name of an entry holds half of the key's digest. The check covers all of it, so that two keys that share a
//! name are a miss for each other.

mod contents;
mod seal;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) use self::{
    contents::{Contents, Draft, Sealed},
    seal::Seal,
};

use crate::{
    key::{self, Digest},
    outcome::Damage,
    value::codec::Shape,
};

const MAGIC: [u8; 2] = *b"hc";
const VERSION: u8 = 3;
const FLAGS: u8 = 0;
const HEADER: usize = 24;
const CHECK: usize = 16;

/// The contents of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opened<'a> {
    /// Compared with the shape that reading the payload gives.
    pub(crate) shape: Shape,
    pub(crate) payload: &'a [u8],
    pub(crate) created: SystemTime,
    /// How long the body ran.
    pub(crate) compute: Duration,
}

impl<'a> Opened<'a> {
    /// Reads everything but the check.
    fn read(contents: &'a [u8]) -> Result<Self, Damage> {
        let Some((header, payload)) = contents.split_first_chunk::<HEADER>() else {
            return Err(Damage::Foreign);
        };
        if header[..2] != MAGIC {
            return Err(Damage::Foreign);
        }
        if header[2] != VERSION || header[3] != FLAGS {
            return Err(Damage::Version);
        }
        let created = u64::from_le_bytes(field(header, 12));
        let compute = u32::from_le_bytes(field(header, 20));
        let created = UNIX_EPOCH
            .checked_add(Duration::from_millis(created))
            .ok_or(Damage::Foreign)?;
        Ok(Self {
            shape: field(header, 4),
            payload,
            created,
            compute: Duration::from_micros(compute.into()),
        })
    }
}

/// The `N` bytes of the header from `at` on.
fn field<const N: usize>(header: &[u8; HEADER], at: usize) -> [u8; N] {
    std::array::from_fn(|i| header[at + i])
}

/// Reads an envelope that comes from Redis.
///
/// # Errors
///
/// [`Damage`] of the envelope.
pub(crate) fn open<'a>(
    envelope: &'a [u8],
    seal: &Seal,
    digest: &Digest,
) -> Result<Opened<'a>, Damage> {
    let Some((contents, check)) = envelope.split_last_chunk::<CHECK>() else {
        return Err(Damage::Foreign);
    };
    let opened = Opened::read(contents)?;
    if seal.fits(digest, contents, check) {
        Ok(opened)
    } else {
        Err(Damage::Check)
    }
}

/// The second place of a key, for the value of another build while an envelope of the first build has the first place.
///
/// The name depends on that very envelope: once it is replaced or deleted, a value beside it is never found again. The second place
/// is in the same shard.
pub(crate) fn alternate(envelope: &[u8], digest: &Digest) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("redis-cache alternate entry v1");
    hasher.update(digest);
    hasher.update(envelope.last_chunk::<CHECK>().unwrap_or(&[0; CHECK]));
    let mut alternate: Digest = hasher.finalize().into();
    alternate[key::SHARD].copy_from_slice(&digest[key::SHARD]);
    alternate
}

/// Time since a value was computed; zero where the clocks disagree.
pub(crate) fn age(created: SystemTime) -> Duration {
    SystemTime::now()
        .duration_since(created)
        .unwrap_or_default()
}
