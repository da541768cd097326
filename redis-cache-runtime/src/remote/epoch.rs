//! Freshness: whether a value that was looked up or computed may go to a caller who comes after a clear or an invalidation.

use redis::{Cmd, Value};

use super::Keyspace;
use crate::process::jitter;

/// The clears and invalidations of a shard that this process knew of at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Epoch {
    /// How many clears, of any process, this process has noticed.
    clears: u64,
    /// The latest clear and invalidation of any process, as far as Redis had told of them.
    pub(crate) known: Known,
}

impl Epoch {
    /// This epoch with newer `known`, where no clear came in between.
    pub(in crate::remote) const fn with(self, known: Known) -> Self {
        Self { known, ..self }
    }

    /// The epoch after one more clear.
    pub(in crate::remote) const fn after_clear(self, known: Known) -> Self {
        Self {
            clears: self.clears + 1,
            known,
        }
    }

    /// Whether a value whose body began in this epoch may be stored, and given to callers, at `later`: no clear came in between.
    pub(crate) const fn holds_at(self, later: Self) -> bool {
        self.clears >= later.clears
    }

    #[cfg(test)]
    pub(crate) fn after_clears(clears: u64) -> Self {
        Self {
            clears,
            ..Self::default()
        }
    }
}

/// Which callers may get the value of a call under way.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Freshness {
    /// Callers at whose epoch this one still holds: no clear came since the call began.
    Of(Epoch),
    /// Present followers only: the entry was invalidated, or Redis may have answered the look-up before a deletion.
    Revoked,
}

impl Freshness {
    pub(crate) const fn holds_at(self, later: Epoch) -> bool {
        match self {
            Self::Of(epoch) => epoch.holds_at(later),
            Self::Revoked => false,
        }
    }

    pub(crate) const fn is_revoked(self) -> bool {
        matches!(self, Self::Revoked)
    }
}

/// The latest clear and invalidation of all processes, as Redis has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) generation: Generation,
    pub(crate) invalidated: Invalidated,
}

impl Known {
    /// The state after a clear, which forgets the earlier invalidations.
    pub(super) fn cleared(generation: Generation) -> Self {
        Self {
            generation,
            invalidated: Invalidated::default(),
        }
    }

    /// The command that reads the clear and the invalidation from the meta hash.
    pub(super) fn question(keyspace: &Keyspace) -> Cmd {
        let mut question = redis::cmd("HMGET");
        question
            .arg(&keyspace.meta)
            .arg(&["generation", "invbase", "inv"]);
        question
    }

    /// Reads the answer to [`Known::question`]; `None` where it is an error or malformed.
    pub(super) fn answered(answer: &Value) -> Option<Self> {
        match answer {
            Value::Array(parts) => match parts.as_slice() {
                [generation, base, number] => {
                    Some(Self::read(text(generation)?, text(base)?, text(number)?))
                }
                _ => None,
            },
            // Another program has overwritten the meta hash: no clear and no invalidation is known to Redis.
            Value::ServerError(error) if error.code() == "WRONGTYPE" => {
                Some(Self::read(b"", b"", b""))
            }
            _ => None,
        }
    }

    /// Reads the fields of the meta hash. A field that another program has written counts as absent; `apply.lua` deletes it.
    fn read(generation: &[u8], base: &[u8], number: &[u8]) -> Self {
        let number = str::from_utf8(number).ok();
        let number = number.and_then(|number| number.parse().ok());
        let invalidated = number.and_then(|number| Invalidated::read(base, number));
        Self {
            generation: Generation::read(generation),
            invalidated: invalidated.unwrap_or_default(),
        }
    }
}

fn text(part: &Value) -> Option<&[u8]> {
    match part {
        Value::BulkString(text) => Some(text),
        Value::Nil => Some(b""),
        _ => None,
    }
}

/// The latest clear, by its nonce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Redis has not answered yet, or a clear has failed since.
    #[default]
    Unknown,
    /// Redis knows of no clear.
    None,
    Clear(u64),
}

impl Generation {
    /// Reads the field of the meta hash; text that is no nonce counts as no clear.
    pub(super) fn read(text: &[u8]) -> Self {
        nonce(text).map_or(Self::None, Self::Clear)
    }

    /// The text that the scripts compare with the field of the meta hash.
    pub(super) fn to_text(self) -> String {
        match self {
            Self::Unknown => "?".to_owned(),
            Self::None => String::new(),
            Self::Clear(nonce) => hexadecimal(nonce),
        }
    }
}

/// A clear that a caller of this process has called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clear {
    /// The latest clear and invalidation that this process knew of when it was called.
    pub(super) known: Known,
    /// The generation that it begins.
    pub(super) generation: Generation,
    /// The generation that it begins where Redis does not have `known`. Another process has cleared or invalidated meanwhile, and
    /// values with `generation` may have been computed before that.
    pub(super) otherwise: Generation,
}

impl Clear {
    /// A clear that is called now, by a process that knows of `known`.
    pub(super) fn after(mut known: Known) -> Self {
        if known.generation == Generation::Unknown {
            known.generation = Generation::None;
        }
        Self {
            known,
            generation: Generation::Clear(jitter::nonce()),
            otherwise: Generation::Clear(jitter::nonce()),
        }
    }
}

/// An invalidation of one entry, by its number among those of the shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Invalidated {
    /// The nonce of the count: only numbers with the same base can be compared. `None`: there was no invalidation.
    pub(super) base: Option<u64>,
    pub(super) number: u64,
}

impl Invalidated {
    /// Reads the fields of the meta hash; `None` where `base` is no nonce.
    pub(super) fn read(base: &[u8], number: u64) -> Option<Self> {
        let base = Some(nonce(base)?);
        Some(Self { base, number })
    }

    /// The base as the meta hash has it; empty where there is none.
    pub(super) fn base_text(self) -> String {
        self.base.map(hexadecimal).unwrap_or_default()
    }
}

/// A nonce as 16 hexadecimal digits: the scripts take any other text for another program's.
pub(super) fn hexadecimal(nonce: u64) -> String {
    format!("{nonce:016x}")
}

fn nonce(text: &[u8]) -> Option<u64> {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 16 || !text.iter().all(is_digit) {
        return None;
    }
    u64::from_str_radix(str::from_utf8(text).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_of_us_wrote_is_nothing() {
        let read = |generation: &str| Known::read(generation.as_bytes(), b"", b"").generation;
        for bits in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef] {
            let generation = Generation::Clear(bits);
            assert_eq!(read(&generation.to_text()), generation);
        }
        for garbage in [
            "",
            "1",
            "0123456789ABCDEF",
            "+123456789abcdef",
            "0123456789abcdef0",
        ] {
            assert_eq!(read(garbage), Generation::None, "{garbage}");
        }
        let base = hexadecimal(7);
        let read = |base: &str, number: &str| {
            Known::read(b"", base.as_bytes(), number.as_bytes()).invalidated
        };
        let seven = Invalidated {
            base: Some(7),
            number: 9,
        };
        assert_eq!(read(&base, "9"), seven);
        for (base, number) in [(&*base, ""), (&*base, "-1"), ("7", "9"), ("", "")] {
            assert_eq!(read(base, number), Invalidated::default());
        }
    }
}
