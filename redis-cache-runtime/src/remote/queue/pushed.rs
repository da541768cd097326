//! What becomes of what is queued.

/// What became of a store that was to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued {
        ticket: u64,
        /// Whether it is time to send: a batch is full.
        is_due: bool,
    },
    /// Too much waits already.
    Full,
    /// The cache was cleared after the call began.
    Overtaken,
    /// Its place was kept for too long.
    Late,
}

/// What the use of a value that is on its way comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Used {
    /// It has its place.
    Recorded {
        /// Whether the writer should learn of it.
        is_news: bool,
    },
    /// So much has been queued behind it that Redis may have evicted it before it hears of the use.
    Late,
}

impl Pushed {
    /// That of a store which has been queued.
    pub(crate) const fn ticket(self) -> Option<u64> {
        match self {
            Self::Queued { ticket, .. } => Some(ticket),
            Self::Full | Self::Overtaken | Self::Late => None,
        }
    }
}
