//! What stands for the handles where nothing is reported: of no size, and compiled to nothing.

#![expect(
    clippy::unused_self,
    reason = "the signatures are those of the handles"
)]

use std::{marker::PhantomData, time::Duration};

type Labels<'a> = &'a [(&'static str, &'static str)];

#[derive(Debug)]
pub(super) struct Scope;

impl Scope {
    pub(super) const fn new(_label: &'static str, _owner: &str) -> Self {
        Self
    }

    pub(super) const fn describe(&self) {}

    pub(super) const fn counter(&self, _name: &'static str, _labels: Labels<'_>) -> Counter {
        Counter
    }

    pub(super) const fn gauge(&self, _name: &'static str, _labels: Labels<'_>) -> Gauge {
        Gauge
    }

    pub(super) const fn dial(&self, _name: &'static str, _labels: Labels<'_>) -> Dial {
        Dial
    }

    pub(super) const fn histogram(&self, _name: &'static str, _labels: Labels<'_>) -> Histogram {
        Histogram
    }
}

#[derive(Debug)]
pub(super) struct Counter;

impl Counter {
    pub(super) const fn announce(&self) {}

    pub(super) const fn add(&self, _count: u64) {}

    pub(super) const fn add_time(&self, _time: Duration) {}
}

#[derive(Debug, Default)]
pub(super) struct RareCounter;

impl RareCounter {
    pub(super) fn add_one(&self, _register: impl FnOnce() -> Counter) {}
}

#[derive(Debug)]
pub(super) struct Gauge;

impl Gauge {
    pub(super) const fn announce(&self) {}

    pub(super) const fn add(&self, _count: u64) {}

    pub(super) const fn remove(&self, _count: u64) {}

    pub(super) const fn raise(&self) -> Level<'_> {
        Level(PhantomData)
    }
}

#[derive(Debug)]
pub(super) struct Dial;

impl Dial {
    pub(super) const fn set(&self, _value: u64) {}
}

#[derive(Debug)]
pub(crate) struct Level<'g>(PhantomData<&'g Gauge>);

#[derive(Debug)]
pub(super) struct Histogram;

impl Histogram {
    pub(super) const fn announce(&self) {}

    pub(super) const fn record_bytes(&self, _bytes: usize) {}
}

#[derive(Debug)]
pub(crate) struct Stopwatch;

impl Stopwatch {
    pub(crate) const fn start() -> Self {
        Self
    }

    pub(super) const fn stop(&self, _histogram: &Histogram) {}
}

#[derive(Debug)]
pub(crate) struct Lap<'h>(PhantomData<&'h Histogram>);

impl<'h> Lap<'h> {
    pub(super) const fn begin(_cut_short: &'h Histogram) -> Self {
        Self(PhantomData)
    }

    pub(super) const fn finish(self, _finished: &'h Histogram) {}
}
