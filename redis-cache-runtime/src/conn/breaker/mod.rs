//! Whether Redis is worth asking: a circuit breaker for one endpoint.
//!
//! A server that hangs costs each caller its budget, one after the other, for as long as it hangs. The breaker learns from how
//! calls end, and lets nobody wait once it is clear that nobody is answered; from time to time a single caller finds out
//! whether that has changed.
//!
//! Time comes in from outside, and what changes goes out, for the caller to log: nothing here waits, logs or locks.

mod availability;
mod circuit;
mod probe;
#[cfg(test)]
mod tests;
mod window;

pub(crate) use self::availability::Availability;
pub(super) use self::{
    circuit::{Admission, Breaker, CallEnd, Transition},
    probe::Probe,
};
