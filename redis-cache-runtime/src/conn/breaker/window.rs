//! How the calls of the last five seconds have ended.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// A bucket covers a tick: a tenth of a second.
const TICKS_A_SECOND: u32 = 10;

/// Five seconds, so that four calls a second are enough for [`LEAST_CALLS`].
const BUCKETS: usize = 50;

/// Two calls whose ticks are this far apart are more than a second apart.
const LEAST_TICKS: u64 = 11;

/// Fewer calls never open the breaker.
const LEAST_CALLS: u64 = 20;

/// The calls of the last five seconds, in buckets of time.
#[derive(Debug)]
pub(super) struct Window {
    buckets: [AtomicU64; BUCKETS],
    /// Earlier ticks do not count any more.
    since: AtomicU64,
}

impl Window {
    pub(super) const fn new() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            since: AtomicU64::new(0),
        }
    }

    /// Counts a call that has ended at `at`, the time since the breaker's start.
    pub(super) fn add(&self, at: Duration, failed: bool) {
        let tick = tick(at);
        let one = Bucket::one(failed);
        let slot = self.slot(tick);
        let seen = Bucket(slot.load(Ordering::Relaxed));
        if seen.is_of(tick) {
            if seen.has_room() {
                slot.fetch_add(one, Ordering::Relaxed);
            }
            return;
        }
        let fresh = Bucket::empty(tick).0 + one;
        let replaced = slot.compare_exchange(seen.0, fresh, Ordering::Relaxed, Ordering::Relaxed);
        // Another call was the first of this tick.
        if replaced.is_err_and(|seen| Bucket(seen).is_of(tick)) {
            slot.fetch_add(one, Ordering::Relaxed);
        }
    }

    /// Forgets all calls so far, those of the current bucket included.
    pub(super) fn forget(&self, at: Duration) {
        self.since.store(tick(at) + 1, Ordering::Relaxed);
    }

    /// Whether for more than a second, up to now, at least half of the calls have failed.
    ///
    /// Half of the calls is not enough where failures come much faster than answers: a short blip would outnumber the good times
    /// around it. So half of the buckets have to be bad as well, and the latest two, so that a lone failure after a blip does not
    /// open the breaker.
    pub(super) fn is_failing(&self, at: Duration) -> bool {
        let now = tick(at);
        let oldest = now
            .saturating_sub(BUCKETS as u64 - 1)
            .max(self.since.load(Ordering::Relaxed));
        let (mut calls, mut failures, mut busy, mut bad) = (0, 0, 0, 0);
        for tick in (oldest..=now).rev() {
            let bucket = Bucket(self.slot(tick).load(Ordering::Relaxed));
            if !bucket.is_of(tick) || bucket.calls() == 0 {
                continue;
            }
            calls += bucket.calls();
            failures += bucket.failures();
            busy += 1;
            if bucket.failures() * 2 < bucket.calls() {
                if busy <= 2 {
                    return false;
                }
                continue;
            }
            bad += 1;
            if now - tick >= LEAST_TICKS
                && calls >= LEAST_CALLS
                && failures * 2 >= calls
                && bad * 2 >= busy
            {
                return true;
            }
        }
        false
    }

    fn slot(&self, tick: u64) -> &AtomicU64 {
        let at = usize::try_from(tick % BUCKETS as u64).unwrap_or(0);
        &self.buckets[at]
    }
}

/// Seconds and nanoseconds apart: one division of all the nanoseconds would take longer than the rest of [`Window::add`].
const fn tick(at: Duration) -> u64 {
    let part = at.subsec_nanos() / (1_000_000_000 / TICKS_A_SECOND);
    at.as_secs() * TICKS_A_SECOND as u64 + part as u64
}

/// One bucket in one word (the tick, the calls, the failures among them), so that one addition counts a call.
#[derive(Clone, Copy)]
struct Bucket(u64);

impl Bucket {
    /// The bits of each of the two counts.
    const COUNT: u32 = 18;
    const MOST: u64 = (1 << Self::COUNT) - 1;

    /// The tick has the other 28 bits, and repeats itself after ten months.
    const fn empty(tick: u64) -> Self {
        Self(tick << (2 * Self::COUNT))
    }

    const fn one(failed: bool) -> u64 {
        (1 << Self::COUNT) | failed as u64
    }

    const fn is_of(self, tick: u64) -> bool {
        self.0 >> (2 * Self::COUNT) == Self::empty(tick).0 >> (2 * Self::COUNT)
    }

    const fn calls(self) -> u64 {
        self.0 >> Self::COUNT & Self::MOST
    }

    const fn failures(self) -> u64 {
        self.0 & Self::MOST
    }

    /// Up to half of the most that fits, because other threads may have read the same count and add as well.
    const fn has_room(self) -> bool {
        self.calls() < Self::MOST / 2
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn no_call_is_lost_where_many_are_counted_at_once() {
        let window = Window::new();
        for round in 1..200 {
            let at = Duration::from_secs(1) * round / TICKS_A_SECOND;
            thread::scope(|scope| {
                for failed in [true, false, true, false] {
                    let window = &window;
                    scope.spawn(move || (0..5).for_each(|_| window.add(at, failed)));
                }
            });
            let bucket = Bucket(window.slot(tick(at)).load(Ordering::Relaxed));
            assert_eq!((bucket.calls(), bucket.failures()), (20, 10));
        }
    }

    #[test]
    fn a_full_bucket_stays_as_it_is() {
        let window = Window::new();
        for _ in 0..Bucket::MOST {
            window.add(Duration::from_secs(1), true);
        }
        let tick = u64::from(TICKS_A_SECOND);
        let bucket = Bucket(window.slot(tick).load(Ordering::Relaxed));
        assert!(bucket.is_of(tick));
        assert_eq!(bucket.calls(), bucket.failures());
    }
}
