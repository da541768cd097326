//! The counters and the settings of a cache.

use std::{fmt, time::Duration};

use crate::{cache::Cache, config::MaxSize, outcome::CacheStatus, telemetry::Event};

/// The answer of [`HandlerCache::info`](crate::HandlerCache::info).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheInfo {
    /// Calls of this process that were answered without running the body.
    pub hits: u64,
    /// Calls of this process that ran the body.
    pub misses: u64,
    /// The bound; `None` where there is none.
    pub maxsize: Option<usize>,
    /// Entries in Redis, from all processes. Where [`CacheInfo::unavailable`] has a reason, the number of the latest count that
    /// succeeded, or zero.
    pub currsize: u64,
    /// Why Redis could not count the entries; `None` where it did.
    pub unavailable: Option<String>,
    /// Stored values that were damaged or foreign, and keys that held another type than a string; each was a miss.
    pub corrupt: u64,
    /// Look-ups that used up their budget; each was a miss.
    pub timeouts: u64,
    /// Bodies that gave an `Err`, which is not stored.
    pub errors: u64,
    /// Values that this process has written to Redis.
    pub stored: u64,
    /// Values that this process did not write: too large, not to be read back from MessagePack, dropped by a full queue, cleared
    /// or expired meanwhile, refused or lost by Redis. Values computed while Redis is known to be away are not counted.
    pub not_stored: u64,
    /// Entries that this process' stores have evicted.
    pub evicted: u64,
    /// Callers of this process that now wait for the result of another caller.
    pub waiting: u64,
    results: Results,
}

/// Numbers of calls, by [`CacheStatus`].
#[derive(Clone, PartialEq, Eq)]
struct Results([u64; CacheStatus::ALL.len()]);

impl fmt::Debug for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = CacheStatus::ALL.into_iter().zip(&self.0);
        f.debug_map().entries(named).finish()
    }
}

impl CacheInfo {
    pub(super) fn new(cache: &Cache, unavailable: Option<String>) -> Self {
        let counters = cache.counters();
        let results = CacheStatus::ALL.map(|result| counters.result(result));
        let sum = |of: fn(CacheStatus) -> bool| {
            CacheStatus::ALL
                .into_iter()
                .filter(|result| of(*result))
                .map(|result| results[result as usize])
                .sum()
        };
        Self {
            hits: sum(CacheStatus::is_hit),
            misses: sum(|result| !result.is_hit() && result != CacheStatus::Cancelled),
            maxsize: cache.maxsize().entries(),
            currsize: cache.last_counted(),
            unavailable,
            corrupt: counters.event(Event::Corrupt),
            timeouts: counters.event(Event::TimedOut),
            errors: counters.event(Event::Declined),
            stored: counters.event(Event::Stored),
            not_stored: counters.event(Event::StoreFailed)
                + counters.event(Event::QueueFull)
                + counters.event(Event::Overtaken)
                + counters.event(Event::NotStorable)
                + counters.event(Event::TooLarge)
                + counters.event(Event::Expired),
            evicted: counters.event(Event::Evicted),
            waiting: cache.flights().followers() as u64,
            results: Results(results),
        }
    }

    /// How many calls of this process ended in `result`. Each call ends in exactly one.
    #[must_use]
    pub const fn count(&self, result: CacheStatus) -> u64 {
        self.results.0[result as usize]
    }
}

/// The answer of [`HandlerCache::parameters`](crate::HandlerCache::parameters).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// The cache's name.
    pub name: String,
    /// The most entries.
    pub maxsize: MaxSize,
    /// The longest that a look-up may take.
    pub timeout: Duration,
    /// How long an entry is valid; `None` where it never expires.
    pub ttl: Option<Duration>,
    /// The largest value that is stored, in bytes as Redis has it.
    pub max_value_bytes: usize,
    /// The URL of the endpoint, without credentials.
    pub endpoint: String,
    /// The number of hash tags over which its entries are spread.
    pub shards: usize,
    /// Paths of further handlers with the same `name`. They are not cached, because two handlers would answer for each other.
    pub refused: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_shown_by_name() {
        let mut results = Results([0; CacheStatus::ALL.len()]);
        results.0[CacheStatus::ErrorOpen as usize] = 3;
        let shown = format!("{results:?}");
        assert!(
            shown.starts_with("{HitRedis: 0, ") && shown.contains("ErrorOpen: 3"),
            "{shown}"
        );
    }
}
