//! The contents of an envelope: without a check inside the process, with a check for Redis.

use std::{
    io::Write as _,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use redis::{RedisWrite, ToRedisArgs};

use super::{CHECK, FLAGS, HEADER, MAGIC, Opened, Seal, VERSION, age};
use crate::{key::Digest, outcome::Damage, value::codec::Shape};

/// The bytes of the shape in the header.
const SHAPE: std::ops::Range<usize> = 4..12;

/// An envelope while its payload is written.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    bytes: Vec<u8>,
    made: Made,
}

/// The time at which a value was computed, by both clocks: a wall clock that is set back must not keep the value alive, and the
/// monotonic clock stands still while the machine sleeps.
#[derive(Clone, Copy, Debug)]
struct Made {
    created: SystemTime,
    since: Instant,
}

impl Made {
    fn at(created: SystemTime) -> Self {
        let now = Instant::now();
        let since = now.checked_sub(age(created)).unwrap_or(now);
        Self { created, since }
    }

    fn age(self) -> Duration {
        self.since.elapsed().max(age(self.created))
    }
}

impl Draft {
    /// Writes the header. The caller then appends the payload to [`Draft::buffer`].
    pub(crate) fn new(created: SystemTime, compute: Duration) -> Self {
        let made = Made::at(created);
        let created = created.duration_since(UNIX_EPOCH).unwrap_or_default();
        let created = u64::try_from(created.as_millis()).unwrap_or(u64::MAX);
        let compute = u32::try_from(compute.as_micros()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[VERSION, FLAGS]);
        bytes.extend_from_slice(&Shape::default());
        bytes.extend_from_slice(&created.to_le_bytes());
        bytes.extend_from_slice(&compute.to_le_bytes());
        Self { bytes, made }
    }

    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(crate) fn payload(&self) -> &[u8] {
        self.bytes.get(HEADER..).unwrap_or_default()
    }

    /// Bytes that the envelope will have.
    pub(crate) fn sealed_len(&self) -> usize {
        self.bytes.len() + CHECK
    }

    /// Ends the draft, with the shape of its value.
    pub(crate) fn finish(mut self, shape: Shape) -> Contents {
        if let Some(place) = self.bytes.get_mut(SHAPE) {
            place.copy_from_slice(&shape);
        }
        Contents {
            bytes: self.bytes.into(),
            made: self.made,
        }
    }
}

/// A header and a payload. The check protects values that go through Redis: it is made on the background thread, so that no caller
/// waits for it.
#[derive(Clone, Debug)]
pub(crate) struct Contents {
    bytes: Bytes,
    made: Made,
}

#[cfg(test)]
impl PartialEq for Contents {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Contents {
    /// The contents of an envelope that has been opened, whose value was computed at `created`.
    pub(crate) fn of(envelope: &Bytes, created: SystemTime) -> Self {
        Self {
            bytes: envelope.slice(..envelope.len().saturating_sub(CHECK)),
            made: Made::at(created),
        }
    }

    /// Empty contents, for places where no one reads them.
    #[cfg(test)]
    pub(crate) fn unread(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            made: Made::at(SystemTime::now()),
        }
    }

    /// Bytes of the envelope.
    pub(crate) fn sealed_len(&self) -> usize {
        self.bytes.len() + CHECK
    }

    /// Time since the value was computed.
    pub(crate) fn age(&self) -> Duration {
        self.made.age()
    }

    /// Reads header and payload.
    ///
    /// # Errors
    ///
    /// A header of another format.
    pub(crate) fn open(&self) -> Result<Opened<'_>, Damage> {
        Opened::read(&self.bytes)
    }

    /// Makes the check.
    pub(crate) fn seal(&self, seal: &Seal, digest: &Digest) -> Sealed<'_> {
        Sealed {
            contents: &self.bytes,
            check: seal.check(digest, &self.bytes),
        }
    }
}

/// A whole envelope, in two parts.
#[derive(Debug)]
pub(crate) struct Sealed<'c> {
    contents: &'c [u8],
    check: [u8; CHECK],
}

impl Sealed<'_> {
    #[cfg(test)]
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        [self.contents, &self.check].concat()
    }
}

impl ToRedisArgs for Sealed<'_> {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        out.reserve_space_for_args([self.contents.len() + CHECK]);
        let mut out = out.writer_for_next_arg();
        // Writing to memory can't fail.
        _ = out.write_all(self.contents);
        _ = out.write_all(&self.check);
    }
}
