//! The handles of `instruments.rs` without the feature `metrics`: of no size, and compiled to nothing.

#![expect(
    clippy::unused_self,
    reason = "the signatures are those of the handles"
)]

use std::{marker::PhantomData, time::Duration};

type Labels<'a> = &'a [(&'static str, &'static str)];

/// Every handle at once.
#[derive(Debug, Default)]
pub(super) struct Nothing;

pub(super) type Scope = Nothing;
pub(super) type Counter = Nothing;
pub(super) type RareCounter = Nothing;
pub(super) type Gauge = Nothing;
pub(super) type Dial = Nothing;
pub(super) type Histogram = Nothing;

impl Nothing {
    pub(super) const fn new(_label: &'static str, _owner: &str) -> Self {
        Self
    }

    pub(super) const fn describe(&self) {}

    pub(super) const fn counter(&self, _name: &'static str, _labels: Labels<'_>) -> Self {
        Self
    }

    pub(super) const fn gauge(&self, _name: &'static str, _labels: Labels<'_>) -> Self {
        Self
    }

    pub(super) const fn dial(&self, _name: &'static str, _labels: Labels<'_>) -> Self {
        Self
    }

    pub(super) const fn histogram(&self, _name: &'static str, _labels: Labels<'_>) -> Self {
        Self
    }

    pub(super) const fn announce(&self) {}

    pub(super) const fn add(&self, _count: u64) {}

    pub(super) fn add_one(&self, _register: impl FnOnce() -> Self) {}

    pub(super) const fn add_time(&self, _time: Duration) {}

    pub(super) const fn remove(&self, _count: u64) {}

    pub(super) const fn raise(&self) -> Level<'_> {
        Level(PhantomData)
    }

    pub(super) const fn set(&self, _value: u64) {}

    pub(super) const fn record_bytes(&self, _bytes: usize) {}
}

#[derive(Debug)]
pub(crate) struct Level<'g>(PhantomData<&'g ()>);

#[derive(Debug)]
pub(crate) struct Stopwatch;

impl Stopwatch {
    pub(crate) const fn start() -> Self {
        Self
    }

    pub(super) const fn stop(&self, _histogram: &Histogram) {}
}

#[derive(Debug)]
pub(crate) struct Lap<'h>(PhantomData<&'h ()>);

impl<'h> Lap<'h> {
    pub(super) const fn begin(_cut_short: &'h Histogram) -> Self {
        Self(PhantomData)
    }

    pub(super) const fn finish(self, _finished: &'h Histogram) {}
}
