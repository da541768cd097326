//! The jobs of the queue.

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

/// A place in the queue, taken when the body ended, for a value that the verifier has yet to prove.
#[derive(Debug)]
pub(crate) struct Place(pub(super) Turn);

/// One job for the writer.
#[derive(Debug)]
pub(crate) enum Job {
    /// Nothing yet: a [`Place`], with the touches for its store.
    Kept {
        touches: Vec<Member>,
        since: Instant,
    },
    /// Apply the touches that came before the value, then store it.
    Store {
        touches: Vec<Member>,
        digest: Digest,
        ticket: u64,
        since: Instant,
        /// The latest clear and invalidation known when the body began.
        known: Known,
        contents: Contents,
    },
    /// Record that entries were used.
    Touch { touches: Vec<Member> },
    /// Delete an entry that is not a value, if it still has the bytes in `found`; `None`: if it is no string.
    Heal {
        digest: Digest,
        found: Option<Bytes>,
    },
    /// Delete one entry.
    Invalidate { digest: Digest, done: Done },
    /// Delete all entries.
    Clear {
        clear: Clear,
        /// Notified after each step.
        progress: Arc<Notify>,
        done: Done,
    },
    /// Call `done` when all earlier jobs have ended.
    Flush { done: Done },
}

impl Job {
    /// Whether a caller waits for this very job to end.
    pub(in crate::remote) const fn is_waited_for(&self) -> bool {
        match self {
            Self::Invalidate { .. } | Self::Clear { .. } | Self::Flush { .. } => true,
            Self::Kept { .. } | Self::Store { .. } | Self::Touch { .. } | Self::Heal { .. } => {
                false
            }
        }
    }

    /// How many bytes of a value this job holds.
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

    /// The ticket of a store; `None` for other jobs.
    pub(super) const fn ticket(&self) -> Option<u64> {
        match self {
            Self::Store { ticket, .. } => Some(*ticket),
            _ => None,
        }
    }
}

/// Called when a job has ended, with the number of entries that it has deleted, or its error.
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
