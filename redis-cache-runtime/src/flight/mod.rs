//! Single-flight: of concurrent calls with one key the first leads and the others follow.
//!
//! The table also holds what has been computed and not yet written to Redis, so that there is no moment between
//! "being computed" and "stored" at which a third caller would see neither.

mod flights;
mod leader;
mod progress;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    flights::{Flights, Queued},
    leader::Leader,
};

use crate::{envelope::Contents, slot};

/// What a follower gets.
#[derive(Debug)]
pub(crate) enum Landing {
    /// The leader's value.
    Value(Contents),
    /// The leader ended without a value (it failed, panicked, or was cancelled): the follower leads now.
    Lead(Leader),
    /// There is no value to wait for: the follower runs the body by itself.
    Alone,
}

/// What a caller finds at a key.
#[derive(Debug)]
pub(crate) enum Joined {
    /// Nobody is there.
    Lead(Leader),
    /// Somebody is computing the value.
    Follow(slot::Receiver<Landing>),
    /// The value is on its way to Redis.
    Queued(Queued),
    /// Somebody is there, whose value this caller must not have.
    Alone,
}
