//! How much is measured.

use std::time::Duration;

/// Counts and times of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Rounds of single calls. One more than a multiple of four, so that quartiles are rounds.
    pub(crate) rounds: usize,
    /// Rounds of turns of many callers, which differ more.
    pub(crate) turns: usize,
    /// Rounds of what takes seconds each time.
    pub(crate) long_rounds: usize,
    /// Calls of each contestant in a round of single calls; fewer where a call is long.
    pub(crate) samples: usize,
    /// How long each contestant is driven before its turn counts.
    pub(crate) warm_up: Duration,
    /// How long each contestant is driven in its turn.
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
        rounds: 9,
        turns: 25,
        long_rounds: 5,
        samples: 600,
        warm_up: Duration::from_millis(20),
        slice: Duration::from_millis(100),
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
        turns: 2,
        long_rounds: 1,
        samples: 20,
        warm_up: Duration::from_millis(5),
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

    /// The same with so many rounds of everything.
    pub(crate) const fn with_rounds(self, rounds: usize) -> Self {
        Self {
            rounds,
            turns: rounds,
            long_rounds: rounds,
            ..self
        }
    }
}
