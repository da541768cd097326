//! The right to find out whether Redis answers again.

use std::time::Instant;

use super::{Breaker, CallEnd, Transition, circuit::Gate};

/// Held by the one caller who asks Redis while nobody else does. A caller who goes away gives it back.
#[derive(Debug)]
#[must_use]
pub(in crate::conn) struct Probe<'b> {
    breaker: &'b Breaker,
    /// What tells this probe from others.
    gate: Gate,
}

impl<'b> Probe<'b> {
    pub(super) const fn new(breaker: &'b Breaker, gate: Gate) -> Self {
        Self { breaker, gate }
    }

    /// Says how the call ended: the breaker closes, or opens again.
    pub(in crate::conn) fn record(self, now: Instant, end: CallEnd) -> Option<Transition> {
        self.breaker.probed(self.gate, now, end)
    }
}

impl Drop for Probe<'_> {
    // Does nothing once a result has been recorded: the gate is another then.
    fn drop(&mut self) {
        self.breaker.give_back(self.gate);
    }
}
