//! Whether Redis is worth asking: a circuit breaker for one endpoint.
//!
//! A server that hangs costs each caller its budget, one after the other, for as long as it hangs. The breaker counts how
//! calls end. It opens where at least half of them have failed for more than a second, and callers no longer wait; from time
//! to time a single caller probes whether the server answers again.
//!
//! Callers pass the time in, and log the transitions: nothing here waits, logs or locks.

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
