//! What Redis is to be told.

use std::{fmt, sync::Arc, time::Instant};

use bytes::Bytes;
use tokio::sync::Notify;

use super::jobs::Turn;
use crate::{
    key::Digest,
    outcome::Error,
    remote::{
        epoch::{Clear, Known},
        keyspace::Member,
    },
    value::envelope::Contents,
};

/// A place in the queue, taken when the body ended, for a value that has yet to be proved.
#[derive(Debug)]
pub(crate) struct Place(pub(super) Turn);

/// One thing to tell Redis.
#[derive(Debug)]
pub(crate) enum Job {
    /// Nothing yet: a [`Place`].
    Kept {
        touches: Vec<Member>,
        since: Instant,
    },
    /// Write a value, after the touches that came before it.
    Store {
        touches: Vec<Member>,
        digest: Digest,
        ticket: u64,
        since: Instant,
        /// What was known when the body began.
        known: Known,
        contents: Contents,
    },
    /// Record that entries were used.
    Touch { touches: Vec<Member> },
    /// Delete what is not a value, if it still is what was found; `None` where the key is no string.
    Heal {
        digest: Digest,
        found: Option<Bytes>,
    },
    /// Delete one entry.
    Invalidate { digest: Digest, done: Done },
    /// Delete all entries.
    Clear {
        clear: Clear,
        /// Hears of each step.
        progress: Arc<Notify>,
        done: Done,
    },
    /// Say when everything before this has been told.
    Flush { done: Done },
}

impl Job {
    /// Whether somebody waits for this very job to end.
    pub(in crate::remote) const fn is_waited_for(&self) -> bool {
        match self {
            Self::Invalidate { .. } | Self::Clear { .. } | Self::Flush { .. } => true,
            Self::Kept { .. } | Self::Store { .. } | Self::Touch { .. } | Self::Heal { .. } => {
                false
            }
        }
    }

    /// How many bytes of a value it holds.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Store { contents, .. } => contents.sealed_len(),
            Self::Heal { found, .. } => found.as_ref().map_or(0, Bytes::len),
            Self::Kept { .. }
            | Self::Touch { .. }
            | Self::Invalidate { .. }
            | Self::Clear { .. }
            | Self::Flush { .. } => 0,
        }
    }

    /// That of a store.
    pub(super) const fn ticket(&self) -> Option<u64> {
        match self {
            Self::Store { ticket, .. } => Some(*ticket),
            _ => None,
        }
    }
}

/// Called when a job has ended, with the number of entries that it has deleted.
pub(crate) struct Done(Box<dyn FnOnce(Result<u64, Error>) + Send + Sync>);

impl Done {
    pub(crate) fn new(told: impl FnOnce(Result<u64, Error>) + Send + Sync + 'static) -> Self {
        Self(Box::new(told))
    }

    pub(crate) fn tell(self, result: Result<u64, Error>) {
        (self.0)(result);
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Done")
    }
}
