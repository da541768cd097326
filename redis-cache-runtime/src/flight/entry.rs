//! The entries in the table of calls.

use std::{
    collections::HashMap,
    hash::BuildHasherDefault,
    sync::Arc,
    time::{Duration, Instant},
};

use super::running::{Queue, Running};
use crate::{
    key::{Digest, DigestHasher},
    remote::Epoch,
    value::envelope::Contents,
};

/// A value that has been on its way for longer is given to no caller: another process may have cleared the cache since.
const MOST: Duration = Duration::from_secs(5);

/// A value on its way to Redis.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) contents: Contents,
    /// The clears and invalidations that were known when the body began.
    pub(crate) epoch: Epoch,
    pub(crate) ticket: u64,
    pub(super) since: Instant,
}

impl Queued {
    /// Whether it is too old to be given to callers.
    pub(super) fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= MOST
    }
}

/// The entry of one key.
#[derive(Debug)]
pub(super) enum Entry {
    Running(Arc<Running>),
    Queued(Queued),
}

pub(super) type Shard = HashMap<Digest, Entry, BuildHasherDefault<DigestHasher>>;

/// A leader's ending.
pub(super) enum Completion<'a> {
    /// With a value that later callers do not get here: it is from Redis, at another entry, or not stored.
    Stored(&'a Contents),
    /// With a value that is to be stored, and is given to later callers until it is.
    Queued {
        contents: &'a Contents,
        epoch: Epoch,
        queue: &'a mut dyn FnMut() -> Option<u64>,
    },
    Nothing,
}

/// The followers' next step after a leader has failed.
pub(super) enum Failed {
    /// They go on waiting: others lead. Or the call has ended already.
    Nothing,
    /// They run the body by themselves.
    SendOn(Queue),
    /// The next in line leads.
    PassOn,
}
