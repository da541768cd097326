//! What stands in the table of calls.

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

/// A value that has been on its way for longer than this is nobody's any more: Redis may have been cleared since, by others.
const MOST: Duration = Duration::from_secs(5);

/// A value on its way to Redis.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) contents: Contents,
    /// The clears that came before the body ran.
    pub(crate) epoch: Epoch,
    pub(crate) ticket: u64,
    pub(super) since: Instant,
}

impl Queued {
    /// Whether nobody is answered with it any more.
    pub(super) fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= MOST
    }
}

/// What stands at a key.
#[derive(Debug)]
pub(super) enum Entry {
    Running(Arc<Running>),
    Queued(Queued),
}

pub(super) type Shard = HashMap<Digest, Entry, BuildHasherDefault<DigestHasher>>;

/// What a leader ends with.
pub(super) enum Landed<'a> {
    /// Redis has it.
    Stored(&'a Contents),
    /// Redis is to get it.
    Queued {
        contents: &'a Contents,
        epoch: Epoch,
        queue: &'a mut dyn FnMut() -> Option<u64>,
    },
    Nothing,
}

/// What happens when a leader fails.
pub(super) enum Failed {
    /// Others lead, or it has ended already.
    Nothing,
    /// Nobody waits in line any more.
    SendOn(Queue),
    /// The next in line leads.
    PassOn,
}
