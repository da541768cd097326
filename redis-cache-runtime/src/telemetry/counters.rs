//! Counters of one cache in this process.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{config::MaxSize, outcome::CacheStatus, telemetry::metrics::CacheMetrics};

/// The events that are counted beside the results of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A value was written to Redis.
    Stored,
    /// A value could not be written: Redis refused it or was away.
    StoreFailed,
    /// A value was not queued, because too much waited already.
    QueueFull,
    /// A value was not written, because the cache was cleared while it was computed or waited.
    Overtaken,
    /// A value that MessagePack can't hold.
    NotStorable,
    /// A value was larger than `max_value_bytes`.
    TooLarge,
    /// A body gave an `Err`.
    Declined,
    /// A value was older than its `ttl` before Redis could take it.
    Expired,
    /// Redis returned bytes that are not a value of this call.
    Corrupt,
    /// A look-up took longer than its budget.
    TimedOut,
    /// A store evicted an entry.
    Evicted,
    /// Bytes that are not a value were deleted.
    Healed,
}

impl Event {
    /// All events, in the order in which they are counted.
    pub(crate) const ALL: [Self; 12] = [
        Self::Stored,
        Self::StoreFailed,
        Self::QueueFull,
        Self::Overtaken,
        Self::NotStorable,
        Self::TooLarge,
        Self::Declined,
        Self::Expired,
        Self::Corrupt,
        Self::TimedOut,
        Self::Evicted,
        Self::Healed,
    ];
}

/// All counters of one cache.
#[derive(Debug)]
pub(crate) struct Counters {
    results: [AtomicU64; CacheStatus::ALL.len()],
    events: [AtomicU64; Event::ALL.len()],
    metrics: CacheMetrics,
}

impl Counters {
    pub(crate) fn new(name: &str, maxsize: MaxSize) -> Self {
        Self {
            results: Default::default(),
            events: Default::default(),
            metrics: CacheMetrics::new(name, maxsize),
        }
    }

    /// The metrics, which count the same and more.
    pub(crate) const fn metrics(&self) -> &CacheMetrics {
        &self.metrics
    }

    pub(crate) fn count_result(&self, result: CacheStatus) {
        self.results[result as usize].fetch_add(1, Ordering::Relaxed);
        self.metrics.count_result(result);
    }

    pub(crate) fn count(&self, event: Event) {
        self.count_many(event, 1);
    }

    pub(crate) fn count_many(&self, event: Event, times: u64) {
        self.events[event as usize].fetch_add(times, Ordering::Relaxed);
        self.metrics.count_event(event, times);
    }

    pub(crate) fn result(&self, result: CacheStatus) -> u64 {
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
    fn every_result_and_every_event_has_a_counter_of_its_own() {
        let counters = Counters::new("c", MaxSize::DEFAULT);
        for (n, result) in CacheStatus::ALL.into_iter().enumerate() {
            assert_eq!(result as usize, n);
            counters.count_result(result);
            assert_eq!(counters.result(result), 1);
        }
        for (n, event) in Event::ALL.into_iter().enumerate() {
            assert_eq!(event as usize, n);
            counters.count(event);
            assert_eq!(counters.event(event), 1);
        }
    }
}
