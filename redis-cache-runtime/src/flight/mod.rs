//! Single-flight: of concurrent calls with one key the first leads and the others follow.
//!
//! The table also holds values that are on their way to Redis, so that there is no moment between "being computed" and
//! "stored" at which a third caller would see neither.
//!
//! No follower waits without a bound. A leader may need something that its followers hold up: the worker that a follower blocks,
//! or a lock that a follower's caller has. So after a while the first follower in line is let go, and leads beside the leader;
//! the others get the value that comes first.

mod endings;
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

/// The call that joins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// Whether the caller would wait as a task, and not block its thread.
    pub(crate) is_task: bool,
    /// Whether its thread or task leads another call: then it follows nobody, or the two could deadlock.
    pub(crate) leads: bool,
    /// How long the body usually takes; `None` before its first run.
    pub(crate) usual: Option<Duration>,
}

/// The end of a follower's wait.
#[derive(Debug)]
pub(crate) enum FlightResult {
    /// A leader's value.
    Value(Contents),
    /// The follower leads now: its leader failed, panicked or was cancelled, or takes too long.
    Lead(Leader),
    /// There is no value to wait for: the follower runs the body by itself.
    Alone,
}

/// The part that a caller takes in the call for its key.
#[derive(Debug)]
pub(crate) enum Joined {
    /// The caller leads: there is no other leader, or none that it may wait for.
    Lead(Leader),
    /// The caller follows a leader.
    Follow(Follower),
    /// The value has been computed and is on its way to Redis.
    Queued(Queued),
    /// A value is on its way that was computed before a clear: the caller runs the body by itself.
    Alone,
}
