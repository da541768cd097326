//! The answer of `apply.lua`.

use redis::Value;

use super::epoch::{Generation, Invalidated, Known};

/// The answer of `apply.lua`.
pub(super) struct Applied {
    pub(super) evicted: u64,
    /// Whether a clear or an invalidation came after the value's body had begun.
    pub(super) refused: bool,
    pub(super) known: Known,
}

impl Applied {
    pub(super) fn read(answer: &Value) -> Option<Self> {
        let Value::Array(parts) = answer else {
            return None;
        };
        match parts.as_slice() {
            [
                Value::Int(evicted),
                Value::BulkString(generation),
                Value::BulkString(base),
                Value::Int(number),
            ] => Some(Self {
                evicted: u64::try_from(*evicted).unwrap_or(0),
                refused: *evicted < 0,
                known: Known {
                    generation: Generation::read(generation),
                    invalidated: Invalidated::read(base, u64::try_from(*number).unwrap_or(0))
                        .unwrap_or_default(),
                },
            }),
            _ => None,
        }
    }
}
