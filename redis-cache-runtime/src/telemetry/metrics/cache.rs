//! The metrics of one cache.

use std::time::Duration;

use super::{
    CacheOperation, ErrorType,
    instruments::{Counter, Gauge, Histogram, Lap, Level, RareCounter, Scope, Stopwatch},
    lookups::Lookups,
};
use crate::{
    config::MaxSize,
    outcome::{CacheStatus, Lookup},
    telemetry::counters::Event,
};

/// Why entries are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invalidation {
    /// One entry was deleted.
    Key,
    /// This process has cleared the cache.
    Clear,
    /// Another process has cleared the cache.
    Epoch,
}

/// The handles of one cache.
#[derive(Debug)]
pub(crate) struct CacheMetrics {
    scope: Scope,
    requests: [Counter; CacheStatus::ALL.len()],
    saved: [Counter; CacheStatus::HITS.len()],
    events: [Option<Counter>; Event::ALL.len()],
    inflight: Gauge,
    waiters: Gauge,
    lookups: Lookups,
    returned: Histogram,
    cut_short: Histogram,
    read: Histogram,
    written: Histogram,
    queue: Gauge,
    errors: [[RareCounter; ErrorType::COUNT]; CacheOperation::COUNT],
    invalidations: [Counter; 3],
}

impl CacheMetrics {
    /// Runs the recorder's code.
    pub(crate) fn new(name: &str, maxsize: MaxSize) -> Self {
        let metrics = Self::unannounced(name, maxsize);
        metrics.announce();
        metrics
    }

    fn announce(&self) {
        let counters = self.requests.iter().chain(&self.saved);
        let counters = counters.chain(self.events.iter().flatten());
        counters
            .chain(&self.invalidations)
            .for_each(Counter::announce);
        for gauge in [&self.inflight, &self.waiters, &self.queue] {
            gauge.announce();
        }
        let histograms = [&self.returned, &self.cut_short, &self.read, &self.written];
        histograms
            .into_iter()
            .chain(self.lookups.all())
            .for_each(Histogram::announce);
    }

    fn unannounced(name: &str, maxsize: MaxSize) -> Self {
        let scope = Scope::new("cache_name", name);
        scope.describe();
        if let Some(entries) = maxsize.entries() {
            let limit = scope.dial("handler_cache_entries_limit", &[("layer", "redis")]);
            limit.set(entries as u64);
        }
        let of_result = |name| {
            let scope = &scope;
            move |result: CacheStatus| scope.counter(name, &[("result", result.as_str())])
        };
        let body = |outcome| {
            let labels = [("outcome", outcome)];
            scope.histogram("handler_cache_handler_duration_seconds", &labels)
        };
        let size = |operation: CacheOperation| {
            let labels = [("operation", operation.as_str())];
            scope.histogram("handler_cache_value_size_bytes", &labels)
        };
        let invalidated =
            |reason| scope.counter("handler_cache_invalidations_total", &[("reason", reason)]);
        Self {
            requests: CacheStatus::ALL.map(of_result("handler_cache_requests_total")),
            saved: CacheStatus::HITS
                .map(of_result("handler_cache_compute_saved_microseconds_total")),
            events: Event::ALL.map(|event| counter_of(&scope, event)),
            inflight: scope.gauge("handler_cache_inflight", &[]),
            waiters: scope.gauge("handler_cache_coalesced_waiters", &[]),
            lookups: Lookups::new(&scope),
            returned: body("returned"),
            cut_short: body("cut_short"),
            read: size(CacheOperation::Get),
            written: size(CacheOperation::Put),
            queue: scope.gauge("handler_cache_write_queue_length", &[]),
            errors: Default::default(),
            invalidations: ["key", "clear", "epoch"].map(invalidated),
            scope,
        }
    }

    pub(crate) fn count_result(&self, result: CacheStatus) {
        self.requests[result as usize].add(1);
    }

    pub(crate) fn count_event(&self, event: Event, times: u64) {
        if let Some(counter) = &self.events[event as usize] {
            counter.add(times);
        }
    }

    pub(crate) fn count_error(&self, operation: CacheOperation, error: ErrorType) {
        self.errors[operation as usize][error as usize].add_one(|| {
            let labels = [
                ("operation", operation.as_str()),
                ("error_type", error.as_str()),
            ];
            self.scope.counter("handler_cache_errors_total", &labels)
        });
    }

    pub(crate) fn count_invalidation(&self, reason: Invalidation) {
        self.invalidations[reason as usize].add(1);
    }

    /// Adds the time of the body that a hit has saved.
    pub(crate) fn add_saved(&self, hit: CacheStatus, compute: Duration) {
        let place = CacheStatus::HITS.iter().position(|result| *result == hit);
        if let Some(place) = place {
            self.saved[place].add_time(compute);
        }
    }

    /// Counts one call under way, while the guard lives.
    pub(crate) fn call(&self) -> Level<'_> {
        self.inflight.raise()
    }

    /// Counts one call that waits for another, while the guard lives.
    pub(crate) fn wait(&self) -> Level<'_> {
        self.waiters.raise()
    }

    pub(crate) fn end_lookup(&self, stopwatch: &Stopwatch, lookup: &Lookup) {
        stopwatch.stop(self.lookups.ended(lookup));
        if let Lookup::Found(envelope) = lookup {
            self.read.record_bytes(envelope.len());
        }
    }

    /// Begins to time a body, which may panic or be dropped.
    pub(crate) fn lap(&self) -> Lap<'_> {
        Lap::begin(&self.cut_short)
    }

    /// Ends the timing of a body that has returned.
    pub(crate) fn finish<'s>(&'s self, lap: Lap<'s>) {
        lap.finish(&self.returned);
    }

    pub(crate) fn queued(&self, bytes: usize) {
        self.queue.add(1);
        self.written.record_bytes(bytes);
    }

    pub(crate) fn unqueued(&self, count: u64) {
        self.queue.remove(count);
    }
}

/// `None` for an event that another metric counts.
fn counter_of(scope: &Scope, event: Event) -> Option<Counter> {
    let write = |result| Some(scope.counter("handler_cache_writes_total", &[("result", result)]));
    let eviction = |reason| {
        let labels = [("layer", "redis"), ("reason", reason)];
        Some(scope.counter("handler_cache_evictions_total", &labels))
    };
    match event {
        Event::Stored => write("stored"),
        Event::StoreFailed => write("failed"),
        Event::QueueFull => write("dropped_queue"),
        Event::Overtaken => write("refused_token"),
        Event::NotStorable => write("not_storable"),
        Event::TooLarge => write("skipped_size"),
        Event::Declined => write("declined"),
        Event::Expired => write("expired"),
        Event::Evicted => eviction("size"),
        Event::Healed => eviction("corrupt"),
        // Errors of look-ups.
        Event::Corrupt | Event::TimedOut => None,
    }
}
