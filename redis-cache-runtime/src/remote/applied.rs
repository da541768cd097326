//! What the script of a store says.

use redis::Value;

use super::epoch::{Generation, Invalidated, Known};

/// What `apply.lua` returns.
pub(super) struct Applied {
    pub(super) evicted: u64,
    /// A clear or an invalidation has come between the value's computation and its store.
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
