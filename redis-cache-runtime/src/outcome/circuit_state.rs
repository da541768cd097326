//! The states of a circuit breaker.

/// The state of a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CircuitState {
    Closed,
    HalfOpen,
    Open,
}
