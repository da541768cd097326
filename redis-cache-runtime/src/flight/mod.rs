//! Single-flight: of concurrent calls with one key the first leads and the others follow.
//!
//! The table also holds what has been computed and not yet written to Redis, so that there is no moment between
//! "being computed" and "stored" at which a third caller would see neither.
//!
//! Nobody waits without a bound. A leader may need what its followers hold up: the worker that a follower blocks, or a lock
//! that a follower's caller has. So after a while the first in line is let go, and leads beside it; the others get
//! whichever value comes first.

mod entry;
mod flights;
mod follower;
mod knots;
mod leader;
mod pace;
mod probe;
mod progress;
pub(crate) mod reentrancy;
mod running;
#[cfg(test)]
mod tests;
mod watch;

use std::time::Duration;

pub(crate) use self::{
    entry::Queued, flights::Flights, follower::Follower, knots::Untangled, leader::Leader,
};

use crate::value::envelope::Contents;

/// Who joins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// Whether it would wait as a task, and not block its thread.
    pub(crate) is_task: bool,
    /// Whether it leads a call already: then it waits for nobody.
    pub(crate) leads: bool,
    /// How long the body usually takes; nothing where that is not known.
    pub(crate) usual: Option<Duration>,
}

/// What a follower gets.
#[derive(Debug)]
pub(crate) enum FlightResult {
    /// A leader's value.
    Value(Contents),
    /// The follower leads now: its leader ended without a value (it failed, panicked, or was cancelled), or takes long.
    Lead(Leader),
    /// There is no value to wait for: the follower runs the body by itself.
    Alone,
}

/// What a caller finds at a key.
#[derive(Debug)]
pub(crate) enum Joined {
    /// Nobody is there, or nobody whom this caller may wait for.
    Lead(Leader),
    /// Somebody is computing the value.
    Follow(Follower),
    /// The value is on its way to Redis.
    Queued(Queued),
    /// Somebody is there, whose value this caller must not have.
    Alone,
}
