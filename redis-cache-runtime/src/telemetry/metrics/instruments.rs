//! The handles of the `metrics` facade.
//!
//! A count of the user's thread goes to the recorder at once. A count of the cache's own threads goes by the reporter's thread, and
//! may arrive later.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use metrics::{Label, SharedString};

use super::{descriptions::describe, instrument::Instrument};
use crate::telemetry;

type Labels<'a> = &'a [(&'static str, &'static str)];

/// The owner of metrics, as a label: one cache or one endpoint.
#[derive(Debug)]
pub(super) struct Scope {
    label: &'static str,
    owner: SharedString,
}

impl Scope {
    pub(super) fn new(label: &'static str, owner: &str) -> Self {
        Self {
            label,
            owner: owner.to_owned().into(),
        }
    }

    /// Gives the descriptions to the recorder.
    #[expect(clippy::unused_self, reason = "a scope comes before its metrics")]
    pub(super) fn describe(&self) {
        telemetry::report(describe);
    }

    pub(super) fn counter(&self, name: &'static str, labels: Labels<'_>) -> Counter {
        Counter(Instrument::new(name, self.labels(labels)))
    }

    pub(super) fn gauge(&self, name: &'static str, labels: Labels<'_>) -> Gauge {
        Gauge(Instrument::new(name, self.labels(labels)))
    }

    pub(super) fn dial(&self, name: &'static str, labels: Labels<'_>) -> Dial {
        Dial(Instrument::new(name, self.labels(labels)))
    }

    pub(super) fn histogram(&self, name: &'static str, labels: Labels<'_>) -> Histogram {
        Histogram(Instrument::new(name, self.labels(labels)))
    }

    fn labels(&self, labels: Labels<'_>) -> Vec<Label> {
        let owner = Label::new(self.label, self.owner.clone());
        let others = labels
            .iter()
            .map(|(name, value)| Label::from_static_parts(name, value));
        [owner].into_iter().chain(others).collect()
    }
}

#[derive(Debug)]
pub(super) struct Counter(Arc<Instrument<metrics::Counter, AtomicU64>>);

impl Counter {
    pub(super) fn announce(&self) {
        self.0.announce();
    }

    pub(super) fn add(&self, count: u64) {
        if telemetry::is_kept_off() {
            self.0.owed.fetch_add(count, Ordering::Relaxed);
            self.0.report_owed(|counter| {
                let owed = counter.owed.swap(0, Ordering::Relaxed);
                counter.handle().increment(owed);
            });
        } else {
            telemetry::report_here(|| self.0.handle().increment(count));
        }
    }

    /// Microseconds: the facade's counters are whole numbers.
    pub(super) fn add_time(&self, time: Duration) {
        self.add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }
}

/// A counter that most caches never need.
#[derive(Debug, Default)]
pub(super) struct RareCounter(OnceLock<Counter>);

impl RareCounter {
    pub(super) fn add_one(&self, counter: impl FnOnce() -> Counter) {
        self.0.get_or_init(counter).add(1);
    }
}

#[derive(Debug)]
pub(super) struct Gauge(Arc<Instrument<metrics::Gauge, AtomicI64>>);

impl Gauge {
    pub(super) fn announce(&self) {
        self.0.announce();
    }

    /// Returns whether the recorder receives it.
    pub(super) fn add(&self, count: u64) -> bool {
        self.change(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub(super) fn remove(&self, count: u64) {
        self.change(-i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Adds one while the guard lives.
    pub(super) fn raise(&self) -> Level<'_> {
        Level(self.add(1).then_some(self))
    }

    fn change(&self, by: i64) -> bool {
        if telemetry::is_kept_off() {
            self.0.owed.fetch_add(by, Ordering::Relaxed);
            self.0
                .report_owed(|gauge| change(gauge.handle(), gauge.owed.swap(0, Ordering::Relaxed)));
            return true;
        }
        telemetry::report_here(|| change(self.0.handle(), by))
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the facade's gauges hold numbers of this type"
)]
fn change(gauge: &metrics::Gauge, by: i64) {
    let amount = by.unsigned_abs() as f64;
    if by < 0 {
        gauge.decrement(amount);
    } else {
        gauge.increment(amount);
    }
}

/// A gauge that is set, not counted.
#[derive(Debug)]
pub(super) struct Dial(Arc<Instrument<metrics::Gauge, AtomicU64>>);

impl Dial {
    pub(super) fn set(&self, value: u64) {
        self.0.owed.store(value, Ordering::Relaxed);
        if telemetry::is_kept_off() {
            self.0.report_owed(turn);
        } else {
            telemetry::report_here(|| turn(&self.0));
        }
    }
}

/// Sets the latest value: of concurrent calls each reports the newest.
#[expect(
    clippy::cast_precision_loss,
    reason = "the facade's gauges hold numbers of this type"
)]
fn turn(dial: &Instrument<metrics::Gauge, AtomicU64>) {
    dial.handle().set(dial.owed.load(Ordering::Relaxed) as f64);
}

/// One unit of a gauge, taken back when it is dropped.
#[derive(Debug)]
pub(crate) struct Level<'g>(Option<&'g Gauge>);

impl Drop for Level<'_> {
    fn drop(&mut self) {
        if let Some(gauge) = self.0 {
            gauge.remove(1);
        }
    }
}

#[derive(Debug)]
pub(super) struct Histogram(Arc<Instrument<metrics::Histogram, ()>>);

impl Histogram {
    pub(super) fn announce(&self) {
        self.0.announce();
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the facade's histograms hold numbers of this type"
    )]
    pub(super) fn record_bytes(&self, bytes: usize) {
        self.0
            .report(move |histogram| histogram.handle().record(bytes as f64));
    }

    fn record_time(&self, time: Duration) {
        self.0
            .report(move |histogram| histogram.handle().record(time));
    }
}

#[derive(Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn stop(&self, histogram: &Histogram) {
        histogram.record_time(self.0.elapsed());
    }
}

/// The timing of a body, which is recorded even where the body panics or is dropped.
#[derive(Debug)]
pub(crate) struct Lap<'h> {
    stopwatch: Stopwatch,
    /// The histogram of bodies that were cut short, until the body returns.
    histogram: &'h Histogram,
}

impl<'h> Lap<'h> {
    pub(super) fn begin(cut_short: &'h Histogram) -> Self {
        Self {
            stopwatch: Stopwatch::start(),
            histogram: cut_short,
        }
    }

    pub(super) fn finish(mut self, finished: &'h Histogram) {
        self.histogram = finished;
    }
}

impl Drop for Lap<'_> {
    fn drop(&mut self) {
        self.stopwatch.stop(self.histogram);
    }
}
