//! How long the body of a handler usually takes.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::io::Allowance;

/// A body that is faster than this has no say: what is as fast as a look-up is not worth one, whoever caches it has
/// reasons of their own.
const LEAST: Duration = Duration::from_millis(1);

/// A moving average, over about eight runs.
#[derive(Debug, Default)]
pub(super) struct Typical {
    /// Zero before the first run.
    nanos: AtomicU64,
}

impl Typical {
    pub(super) fn add(&self, run: Duration) {
        let run = u64::try_from(run.as_nanos()).unwrap_or(u64::MAX).max(1);
        let average = self.nanos.load(Ordering::Relaxed);
        let next = if average == 0 {
            run
        } else {
            average - average / 8 + run / 8
        };
        // A run that another overtakes here is not missed.
        self.nanos.store(next, Ordering::Relaxed);
    }

    /// The most that a look-up may take: half of what it may save.
    pub(super) fn allowance(&self, timeout: Duration) -> Allowance {
        let average = Duration::from_nanos(self.nanos.load(Ordering::Relaxed));
        let is_shortened = average >= LEAST && average / 2 < timeout;
        Allowance {
            time: if is_shortened { average / 2 } else { timeout },
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
        let typical = Typical::default();
        assert_eq!(typical.allowance(timeout).time, timeout);
        assert!(!typical.allowance(timeout).is_shortened);
        typical.add(ms(5));
        assert!(typical.allowance(timeout).is_shortened);
        assert_eq!(typical.allowance(timeout).time, ms(5) / 2);
        for _ in 0..100 {
            typical.add(ms(20));
        }
        let budget = typical.allowance(timeout).time;
        assert!(budget > ms(9) && budget <= ms(10), "{budget:?}");
        for _ in 0..100 {
            typical.add(Duration::from_secs(1));
        }
        assert_eq!(typical.allowance(timeout).time, timeout);
        for _ in 0..200 {
            typical.add(Duration::from_micros(1));
        }
        assert_eq!(typical.allowance(timeout).time, timeout);
    }
}
