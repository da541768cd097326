//! How long the body of a handler usually takes.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

use crate::conn::Allowance;

/// A faster body does not shorten look-ups. It is hardly worth one: its cache has another purpose than to save time.
const LEAST: Duration = Duration::from_millis(1);

/// The part of a body's time that a look-up may wait. The key, the wake-up of a task and the decoding take the rest of half of
/// that time.
const WAIT: (u32, u32) = (1, 3);

/// A look-up may wait at least this long: half of [`LEAST`].
const ROUND_TRIP: Duration = Duration::from_micros(500);

/// After so many runs the average is known: a single run may have been slow because the machine was busy.
const FEW: u32 = 4;

/// The moving average of the body's time, over about eight runs.
#[derive(Debug, Default)]
pub(super) struct ComputeTime {
    /// Zero before the first run.
    nanos: AtomicU64,
    /// Counted up to [`FEW`].
    runs: AtomicU32,
}

impl ComputeTime {
    /// Adds a run. One that `was_held_up`, maybe by other calls, counts only if it was faster than the average.
    pub(super) fn add(&self, run: Duration, was_held_up: bool) {
        let run = u64::try_from(run.as_nanos()).unwrap_or(u64::MAX).max(1);
        let average = self.nanos.load(Ordering::Relaxed);
        if was_held_up && run > average {
            return;
        }
        let next = if average == 0 {
            run
        } else {
            average - average / 8 + run / 8
        };
        // A run that another thread overwrites here is not missed.
        self.nanos.store(next, Ordering::Relaxed);
        if self.runs.load(Ordering::Relaxed) < FEW {
            self.runs.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The average time of a run; `None` before the first.
    pub(super) fn usual(&self) -> Option<Duration> {
        let nanos = self.nanos.load(Ordering::Relaxed);
        (nanos > 0).then(|| Duration::from_nanos(nanos))
    }

    /// How long a look-up may wait, so that all that the cache does takes at most half of the body's time.
    pub(super) fn allowance(&self, timeout: Duration) -> Allowance {
        let average = Duration::from_nanos(self.nanos.load(Ordering::Relaxed));
        let wait = (average * WAIT.0 / WAIT.1).max(ROUND_TRIP);
        let is_known = self.runs.load(Ordering::Relaxed) >= FEW;
        let is_shortened = is_known && average >= LEAST && wait < timeout;
        Allowance {
            time: if is_shortened { wait } else { timeout },
            is_shortened,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_takes_at_most_half_of_what_the_body_takes() {
        let timeout = Duration::from_millis(50);
        let ms = Duration::from_millis;
        let compute_time = ComputeTime::default();
        assert_eq!(compute_time.allowance(timeout).time, timeout);
        assert!(!compute_time.allowance(timeout).is_shortened);
        for _ in 1..FEW {
            compute_time.add(ms(5), false);
            assert!(!compute_time.allowance(timeout).is_shortened);
        }
        compute_time.add(ms(5), false);
        assert!(compute_time.allowance(timeout).is_shortened);
        assert_eq!(compute_time.allowance(timeout).time, ms(5) / 3);
        let short = ComputeTime::default();
        for _ in 0..FEW {
            short.add(LEAST, false);
        }
        assert_eq!(short.allowance(timeout).time, LEAST / 2);
        for _ in 0..100 {
            compute_time.add(ms(20), false);
        }
        let budget = compute_time.allowance(timeout).time;
        assert!(budget > ms(6) && budget <= ms(20) / 3, "{budget:?}");
        for _ in 0..100 {
            compute_time.add(Duration::from_secs(1), false);
        }
        assert_eq!(compute_time.allowance(timeout).time, timeout);
        for _ in 0..200 {
            compute_time.add(Duration::from_micros(1), false);
        }
        assert_eq!(compute_time.allowance(timeout).time, timeout);
    }

    #[test]
    fn a_run_that_was_held_up_is_never_longer_than_usual() {
        let ms = Duration::from_millis;
        let compute_time = ComputeTime::default();
        compute_time.add(ms(1000), true);
        assert_eq!(compute_time.usual(), None);
        compute_time.add(ms(80), false);
        compute_time.add(ms(4000), true);
        assert_eq!(compute_time.usual(), Some(ms(80)));
        compute_time.add(ms(8), true);
        assert_eq!(compute_time.usual(), Some(ms(71)));
    }
}
