//! The metrics of one endpoint.

use std::sync::atomic::{AtomicBool, Ordering};

use super::instruments::{Counter, Dial, Scope};
use crate::outcome::CircuitState;

/// The handles of one endpoint.
#[derive(Debug)]
pub(crate) struct EndpointMetrics {
    scope: Scope,
    up: Dial,
    reconnects: Counter,
    was_up: AtomicBool,
    breaker: Dial,
    transitions: [Counter; 3],
}

impl EndpointMetrics {
    /// `address` has no credentials in it. Does not run the recorder's code.
    pub(crate) fn new(address: &str) -> Self {
        let scope = Scope::new("endpoint", address);
        let to = |state| scope.counter("handler_cache_breaker_transitions_total", &[("to", state)]);
        Self {
            up: scope.dial("handler_cache_connection_up", &[]),
            reconnects: scope.counter("handler_cache_reconnects_total", &[]),
            was_up: AtomicBool::new(false),
            breaker: scope.dial("handler_cache_breaker_state", &[]),
            transitions: ["closed", "half_open", "open"].map(to),
            scope,
        }
    }

    /// Registers the metrics before there is anything to count. Runs the recorder's code: the caller holds no lock.
    pub(crate) fn announce(&self) {
        self.scope.describe();
        self.up.set(0);
        self.breaker.set(0);
        self.reconnects.announce();
        self.transitions.iter().for_each(Counter::announce);
    }

    pub(crate) fn connected(&self) {
        self.up.set(1);
        if self.was_up.swap(true, Ordering::Relaxed) {
            self.reconnects.add(1);
        }
    }

    pub(crate) fn disconnected(&self) {
        self.up.set(0);
    }

    pub(crate) fn breaker_changed(&self, to: CircuitState) {
        self.transitions[to as usize].add(1);
        self.breaker.set(to as u64);
    }
}
