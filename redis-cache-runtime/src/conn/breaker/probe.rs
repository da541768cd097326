//! The right to find out whether Redis answers again.

use std::time::Instant;

use super::{Breaker, CallEnd, Transition, circuit::Gate};

/// Held by the one caller that may ask Redis. Dropping it without a result gives it back.
#[derive(Debug)]
#[must_use]
pub(in crate::conn) struct Probe<'b> {
    breaker: &'b Breaker,
    /// Identifies this probe, by its deadline.
    gate: Gate,
}

impl<'b> Probe<'b> {
    pub(super) const fn new(breaker: &'b Breaker, gate: Gate) -> Self {
        Self { breaker, gate }
    }

    /// Takes the result of the call: the breaker closes, or opens again.
    pub(in crate::conn) fn record(self, now: Instant, end: CallEnd) -> Option<Transition> {
        self.breaker.probed(self.gate, now, end)
    }
}

impl Drop for Probe<'_> {
    // No effect once a result has been recorded: the breaker's gate is another then.
    fn drop(&mut self) {
        self.breaker.give_back(self.gate);
    }
}
