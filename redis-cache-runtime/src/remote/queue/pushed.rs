//! The results of queueing a store, and of using a value that is queued.

/// The result of queueing a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued {
        ticket: u64,
        /// Whether the caller must wake the writer: a batch is full, or another caller waits for a job behind the store.
        is_due: bool,
    },
    /// Too many values, or bytes of values, wait already.
    Full,
    /// The cache was cleared after the body began.
    Overtaken,
    /// Its place was kept for too long, and is gone.
    Late,
}

/// The result of using a value that is on its way to Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Used {
    /// The order of eviction takes the use into account.
    Recorded {
        /// Whether the caller must wake the writer.
        is_news: bool,
    },
    /// So many stores are behind the value that Redis may evict it before a touch arrives.
    Late,
}

impl Pushed {
    /// The ticket of a store that was queued.
    pub(crate) const fn ticket(self) -> Option<u64> {
        match self {
            Self::Queued { ticket, .. } => Some(ticket),
            Self::Full | Self::Overtaken | Self::Late => None,
        }
    }
}
