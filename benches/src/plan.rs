//! How much is measured.

use std::time::Duration;

/// Counts and times of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    /// Calls of each contestant in a round of single calls; fewer where a call is long.
    pub(crate) samples: usize,
    /// How long each contestant is driven in a round of many calls at once.
    pub(crate) slice: Duration,
    /// Calls of each contestant in a round before a slow body.
    pub(crate) slow_samples: usize,
    /// Calls in a round of misses at once.
    pub(crate) misses: usize,
    /// The largest input of many callers, each of whom has its own.
    pub(crate) largest_input: usize,
    /// The largest `maxsize`.
    pub(crate) largest_bound: u64,
    /// Entries over which memory is averaged.
    pub(crate) entries: usize,
    /// How long the server hangs.
    pub(crate) hang: Duration,
    /// How long each server is sent HTTP requests in a round.
    pub(crate) http_seconds: u64,
    /// After which a call to a hung server is given up.
    pub(crate) patience: Duration,
}

impl Plan {
    pub(crate) const FULL: Self = Self {
        rounds: 7,
        samples: 600,
        slice: Duration::from_millis(200),
        slow_samples: 100,
        misses: 3_000,
        largest_input: usize::MAX,
        largest_bound: 1_000_000,
        entries: 20_000,
        hang: Duration::from_secs(2),
        http_seconds: 2,
        patience: Duration::from_secs(5),
    };

    /// Proves that everything works.
    pub(crate) const QUICK: Self = Self {
        rounds: 2,
        samples: 20,
        slice: Duration::from_millis(20),
        slow_samples: 5,
        misses: 200,
        largest_input: 64 * 1024,
        largest_bound: 1_000,
        entries: 500,
        hang: Duration::from_millis(300),
        http_seconds: 1,
        patience: Duration::from_millis(300),
    };
}
