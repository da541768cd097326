//! The handles of the `metrics` facade.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use metrics::{Label, SharedString, counter, gauge, histogram};

use super::descriptions::describe;

type Labels<'a> = &'a [(&'static str, &'static str)];

/// What all metrics of one cache or endpoint have in common: a label that says whose they are.
#[derive(Debug)]
pub(super) struct Scope {
    label: &'static str,
    owner: SharedString,
}

impl Scope {
    pub(super) fn new(label: &'static str, owner: &str) -> Self {
        describe();
        Self {
            label,
            owner: owner.to_owned().into(),
        }
    }

    pub(super) fn counter(&self, name: &'static str, labels: Labels<'_>) -> Counter {
        Counter(counter!(name, self.labels(labels)))
    }

    pub(super) fn gauge(&self, name: &'static str, labels: Labels<'_>) -> Gauge {
        Gauge(gauge!(name, self.labels(labels)))
    }

    pub(super) fn histogram(&self, name: &'static str, labels: Labels<'_>) -> Histogram {
        Histogram(histogram!(name, self.labels(labels)))
    }

    fn labels(&self, labels: Labels<'_>) -> Vec<Label> {
        let owner = Label::new(self.label, self.owner.clone());
        let others = labels
            .iter()
            .map(|(name, value)| Label::from_static_parts(name, value));
        [owner].into_iter().chain(others).collect()
    }
}

/// Something that only grows.
#[derive(Debug)]
pub(super) struct Counter(metrics::Counter);

impl Counter {
    pub(super) fn add(&self, count: u64) {
        self.0.increment(count);
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
    pub(super) fn add_one(&self, register: impl FnOnce() -> Counter) {
        self.0.get_or_init(register).add(1);
    }
}

/// Something that goes up and down.
#[derive(Debug)]
pub(super) struct Gauge(metrics::Gauge);

#[expect(
    clippy::cast_precision_loss,
    reason = "the facade's gauges hold numbers of this type"
)]
impl Gauge {
    pub(super) fn set(&self, value: u64) {
        self.0.set(value as f64);
    }

    pub(super) fn add(&self, count: u64) {
        self.0.increment(count as f64);
    }

    pub(super) fn remove(&self, count: u64) {
        self.0.decrement(count as f64);
    }

    /// One more, for as long as the guard lives.
    pub(super) fn raise(&self) -> Level<'_> {
        self.add(1);
        Level(self)
    }
}

/// One of those that a gauge counts.
#[derive(Debug)]
pub(crate) struct Level<'g>(&'g Gauge);

impl Drop for Level<'_> {
    fn drop(&mut self) {
        self.0.remove(1);
    }
}

/// How values are spread.
#[derive(Debug)]
pub(super) struct Histogram(metrics::Histogram);

impl Histogram {
    #[expect(
        clippy::cast_precision_loss,
        reason = "the facade's histograms hold numbers of this type"
    )]
    pub(super) fn record_bytes(&self, bytes: usize) {
        self.0.record(bytes as f64);
    }
}

/// Runs from when it is made.
#[derive(Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn stop(&self, histogram: &Histogram) {
        histogram.0.record(self.0.elapsed());
    }
}

/// A run that is timed whether it comes to its end or not.
#[derive(Debug)]
pub(super) struct Lap<'h> {
    stopwatch: Stopwatch,
    /// Where it is recorded as things stand.
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
