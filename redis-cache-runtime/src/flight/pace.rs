//! How long followers wait for their leader before they lead too.

use std::time::{Duration, Instant};

/// Followers wait for a leader for so many times the body's usual duration.
const USUAL: u32 = 4;

/// The same for a leader that is stuck: its runtime does nothing, or its task is not polled.
const USUAL_STUCK: u32 = 2;

/// The shortest wait for a leader that may be making progress.
pub(super) const FLOOR: Duration = Duration::from_secs(1);

/// The shortest wait for a leader that is stuck.
const FLOOR_STUCK: Duration = Duration::from_millis(10);

/// The same where the body's usual duration is not known.
const FLOOR_UNKNOWN: Duration = Duration::from_millis(50);

/// So many followers are let go one by one; then all the others at once.
const ONE_BY_ONE: u32 = 4;

/// How long the followers of one call wait for its leader before the first is let go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a leader that may be making progress.
    pub(super) long: Duration,
    /// For a leader that is stuck.
    pub(super) short: Duration,
}

impl Patience {
    pub(super) fn new(usual: Option<Duration>, floor: Duration) -> Self {
        let times = |times: u32| usual.unwrap_or_default().saturating_mul(times);
        let least = usual.map_or(FLOOR_UNKNOWN, |_| FLOOR_STUCK);
        Self {
            long: floor.max(times(USUAL)),
            short: least.max(times(USUAL_STUCK)),
        }
    }
}

/// The followers that are let go now, to lead beside their leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nobody,
    First,
    All,
}

/// The times at which followers are let go: the first after one patience, the next after two more, then four and eight, and
/// all after sixteen more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) patience: Patience,
    /// When the first follower began to wait.
    pub(super) began: Instant,
    /// When a follower was let go last; before that, when the first began to wait.
    since: Instant,
    let_go: u32,
}

impl Pace {
    pub(super) fn begin(patience: Patience, now: Instant) -> Self {
        Self {
            patience,
            began: now,
            since: now,
            let_go: 0,
        }
    }

    /// When the next follower is to be let go.
    pub(super) fn next(&self, is_stuck: bool) -> Instant {
        let patience = if is_stuck {
            self.patience.short
        } else {
            self.patience.long
        };
        let wait = patience.saturating_mul(1 << self.let_go.min(ONE_BY_ONE));
        self.since.checked_add(wait).unwrap_or(self.since)
    }

    /// The followers that are let go at `now`. Counts them as one step of the pace.
    pub(super) fn turn(&mut self, now: Instant, is_stuck: bool) -> Due {
        if now < self.next(is_stuck) {
            return Due::Nobody;
        }
        let due = if self.let_go < ONE_BY_ONE {
            Due::First
        } else {
            Due::All
        };
        self.since = now;
        self.let_go += 1;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn patience_is_a_multiple_of_what_the_body_takes() {
        let of = |usual: Option<u32>| {
            let patience = Patience::new(usual.map(|usual| MS * usual), FLOOR);
            (patience.long, patience.short)
        };
        assert_eq!(of(None), (FLOOR, 50 * MS));
        assert_eq!(of(Some(1)), (FLOOR, 10 * MS));
        assert_eq!(of(Some(60)), (FLOOR, 120 * MS));
        assert_eq!(of(Some(1000)), (4000 * MS, 2000 * MS));
        let endless = Patience::new(Some(Duration::MAX), FLOOR);
        assert!(Pace::begin(endless, Instant::now()).next(false) <= Instant::now());
    }

    #[test]
    fn few_are_let_go_at_first_and_all_in_the_end() {
        for is_stuck in [false, true] {
            let patience = Patience::new(None, FLOOR);
            let unit = if is_stuck {
                patience.short
            } else {
                patience.long
            };
            let began = Instant::now();
            let mut pace = Pace::begin(patience, began);
            let mut told = Vec::new();
            for tenth in 0..=350 {
                match pace.turn(began + unit * tenth / 10, is_stuck) {
                    Due::Nobody => {}
                    due => told.push((tenth / 10, due)),
                }
            }
            let first = |at| (at, Due::First);
            let expected = [first(1), first(3), first(7), first(15), (31, Due::All)];
            assert_eq!(told, expected);
        }
    }
}
