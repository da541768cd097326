//! Counters of one cache in this process.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::outcome::CallResult;

/// What is counted beside the results of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A value was written to Redis.
    Stored,
    /// A value could not be written: Redis refused it or was away.
    StoreFailed,
    /// A value was not queued, because the queue was full or the cache was cleared meanwhile.
    StoreDropped,
    /// A value that MessagePack can't hold.
    NotStorable,
    /// A value was larger than `max_value_bytes`.
    TooLarge,
    /// What Redis had was not a value of this call.
    Corrupt,
    /// A look-up took longer than its budget.
    TimedOut,
    /// A store evicted an entry.
    Evicted,
}

const EVENTS: usize = 8;

/// All counters of one cache.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    results: [AtomicU64; CallResult::ALL.len()],
    events: [AtomicU64; EVENTS],
}

impl Stats {
    pub(crate) fn count_result(&self, result: CallResult) {
        self.results[result as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self, event: Event) {
        self.count_many(event, 1);
    }

    pub(crate) fn count_many(&self, event: Event, times: u64) {
        self.events[event as usize].fetch_add(times, Ordering::Relaxed);
    }

    pub(crate) fn result(&self, result: CallResult) -> u64 {
        self.results[result as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn event(&self, event: Event) -> u64 {
        self.events[event as usize].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_has_a_counter_of_its_own() {
        let stats = Stats::default();
        for (n, result) in CallResult::ALL.into_iter().enumerate() {
            assert_eq!(result as usize, n);
            stats.count_result(result);
            assert_eq!(stats.result(result), 1);
        }
    }
}
