//! Freshness: whether what was learnt or computed at one moment may be given to a caller who comes after a clear or an invalidation.

use redis::{Cmd, Value};

use super::Keyspace;
use crate::process::jitter;

/// What a cache knew of clears and invalidations at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Epoch {
    /// The clears that this process has seen.
    clears: u64,
    /// The clears and invalidations of any process, as far as Redis had told of them.
    pub(crate) known: Known,
}

impl Epoch {
    /// The same moment, with what Redis says of it.
    pub(in crate::remote) const fn with(self, known: Known) -> Self {
        Self { known, ..self }
    }

    /// The moment after one more clear.
    pub(in crate::remote) const fn after_clear(self, known: Known) -> Self {
        Self {
            clears: self.clears + 1,
            known,
        }
    }

    /// Whether a value whose computation began now may be stored, and given to a caller who comes at `later`.
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

/// Whom the value of a call under way may be given to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Freshness {
    /// To callers before whom no clear came that the call does not know of.
    Of(Epoch),
    /// To those only who wait already: its entry was invalidated, or Redis may have answered before something was deleted.
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

/// What Redis says of the clears and invalidations of all processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) generation: Generation,
    pub(crate) invalidated: Invalidated,
}

impl Known {
    /// After a clear.
    pub(super) fn cleared(generation: Generation) -> Self {
        Self {
            generation,
            invalidated: Invalidated::default(),
        }
    }

    /// What Redis is to be asked.
    pub(super) fn question(keyspace: &Keyspace) -> Cmd {
        let mut question = redis::cmd("HMGET");
        question
            .arg(&keyspace.meta)
            .arg(&["generation", "invbase", "inv"]);
        question
    }

    /// Reads the answer; `None` where it is none.
    pub(super) fn answered(answer: &Value) -> Option<Self> {
        match answer {
            Value::Array(parts) => match parts.as_slice() {
                [generation, base, number] => {
                    Some(Self::read(text(generation)?, text(base)?, text(number)?))
                }
                _ => None,
            },
            // Somebody else wrote there, and what is not ours says nothing.
            Value::ServerError(error) if error.code() == "WRONGTYPE" => {
                Some(Self::read(b"", b"", b""))
            }
            _ => None,
        }
    }

    /// What Redis has. What nobody of us has written is as good as nothing: the next store mends it.
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

/// The latest clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Redis has not been asked yet.
    #[default]
    Unknown,
    /// There was no clear that Redis knows of.
    None,
    Clear(u64),
}

impl Generation {
    /// What Redis has.
    pub(super) fn read(text: &[u8]) -> Self {
        nonce(text).map_or(Self::None, Self::Clear)
    }

    /// As Redis has it.
    pub(super) fn to_text(self) -> String {
        match self {
            Self::Unknown => "?".to_owned(),
            Self::None => String::new(),
            Self::Clear(nonce) => hexadecimal(nonce),
        }
    }
}

/// A clear that this process has called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clear {
    /// What was known when it was called.
    pub(super) known: Known,
    /// What it begins.
    pub(super) generation: Generation,
    /// What it begins where Redis has something else than what was known: values that were computed after this clear was called,
    /// and before another process' clear or invalidation, have `generation`.
    pub(super) otherwise: Generation,
}

impl Clear {
    /// One that is called now.
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

/// The latest invalidation of one entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Invalidated {
    /// What numbers can be compared under; `None`: there was no invalidation.
    pub(super) base: Option<u64>,
    pub(super) number: u64,
}

impl Invalidated {
    /// What Redis has; `None` where that is no invalidation.
    pub(super) fn read(base: &[u8], number: u64) -> Option<Self> {
        let base = Some(nonce(base)?);
        Some(Self { base, number })
    }

    /// The base as Redis has it.
    pub(super) fn base_text(self) -> String {
        self.base.map(hexadecimal).unwrap_or_default()
    }
}

/// What the scripts take for one of ours.
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
