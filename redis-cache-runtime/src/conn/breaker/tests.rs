use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{Admission, Breaker, CallEnd, Probe, Transition};
use crate::outcome::CircuitState;

const SECOND: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// A breaker, and a clock that the test sets.
struct Rig {
    breaker: Breaker,
    now: Instant,
}

impl Rig {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            breaker: Breaker::new(now),
            // An odd time: no test may depend on where buckets begin.
            now: now + Duration::from_millis(4_217_033),
        }
    }

    /// Records `rate` calls a second for `length`; call number `n` ends as `end(n)`. Returns the time until the breaker opened.
    fn calls(
        &mut self,
        rate: u32,
        length: Duration,
        end: impl Fn(u32) -> CallEnd,
    ) -> Option<Duration> {
        let gap = SECOND / rate;
        let mut opened = None;
        let mut number = 0;
        while gap * number < length {
            let at = self.now + gap * number;
            if let Some(transition) = self.breaker.record(at, end(number)) {
                assert!(matches!(transition, Transition::Opened(_)));
                assert_eq!(opened.replace(gap * number), None, "opened twice");
            }
            number += 1;
        }
        self.now += length;
        opened
    }

    fn fail_to_connect(&self, times: u32) -> Option<Transition> {
        (0..times)
            .filter_map(|_| self.breaker.connect_failed(self.now))
            .last()
    }

    /// An open breaker, and how long it stays open.
    fn opened() -> (Self, Duration) {
        let rig = Self::new();
        let Some(Transition::Opened(wait)) = rig.fail_to_connect(5) else {
            panic!("did not open")
        };
        (rig, wait)
    }

    fn probe(&self) -> Probe<'_> {
        match self.admit() {
            Admission::Probe(probe) => probe,
            other => panic!("{other:?} instead of a probe"),
        }
    }

    /// Admits a caller, and checks that `availability` has said the same.
    fn admit(&self) -> Admission<'_> {
        let availability = self.breaker.availability(|| self.now);
        let admission = self.breaker.admit(self.now);
        let is_refused = matches!(admission, Admission::Refused);
        assert_eq!(
            availability.takes_lookups(),
            !is_refused,
            "{availability:?}"
        );
        admission
    }

    fn passes(&self) -> bool {
        matches!(self.admit(), Admission::Pass)
    }

    fn refuses(&self) -> bool {
        matches!(self.admit(), Admission::Refused)
    }
}

fn answered(_: u32) -> CallEnd {
    CallEnd::Answered
}

fn timed_out(_: u32) -> CallEnd {
    CallEnd::TimedOut
}

#[test]
fn a_blip_does_not_open_it() {
    for rate in [21, 100, 1000, 10_000] {
        for failing in [rate, 10_000] {
            let mut rig = Rig::new();
            rig.calls(rate, SECOND * 3, answered);
            let blip = Duration::from_millis(800);
            assert_eq!(rig.calls(failing, blip, timed_out), None, "{rate}/s");
            // Nor does a lone failure after it.
            let afterwards = |number| match number {
                10 => CallEnd::Broken,
                _ => CallEnd::Answered,
            };
            assert_eq!(rig.calls(rate, SECOND * 3, afterwards), None, "{rate}/s");
            assert!(rig.passes());
        }
    }
}

#[test]
fn a_blip_before_any_good_call_does_not_open_it() {
    let mut rig = Rig::new();
    let blip = Duration::from_millis(800);
    assert_eq!(rig.calls(1000, blip, timed_out), None);
    assert_eq!(rig.calls(1000, SECOND * 3, answered), None);
}

#[test]
fn time_outs_for_more_than_a_second_open_it() {
    for before in [0, 20, 10_000] {
        let mut rig = Rig::new();
        if before > 0 {
            rig.calls(before, SECOND * 10, answered);
        }
        let opened = rig.calls(25, SECOND * 2, timed_out).unwrap();
        assert!(
            opened > SECOND && opened < SECOND * 5 / 4,
            "{opened:?} after {before}/s"
        );
        assert_eq!(rig.breaker.state(), CircuitState::Open);
    }
}

#[test]
fn lost_connections_open_it_as_well() {
    let mut rig = Rig::new();
    assert!(rig.calls(100, SECOND * 2, |_| CallEnd::Broken).is_some());
}

#[test]
fn half_of_the_calls_open_it_and_fewer_do_not() {
    let every = |nth: u32| {
        move |number: u32| match number % nth {
            0 => CallEnd::TimedOut,
            _ => CallEnd::Answered,
        }
    };
    for rate in [40, 1000] {
        let opens = |nth| Rig::new().calls(rate, SECOND * 20, every(nth)).is_some();
        assert!(opens(2), "{rate}/s");
        assert!(!opens(3), "{rate}/s");
        assert!(!opens(100), "{rate}/s");
    }
}

#[test]
fn fewer_than_twenty_calls_do_not_open_it() {
    let mut rig = Rig::new();
    assert_eq!(rig.calls(10, Duration::from_millis(1850), timed_out), None);
    let opened = rig.calls(10, Duration::from_millis(250), timed_out);
    assert!(opened.is_some());
}

#[test]
fn failures_that_are_long_past_do_not_count() {
    let mut rig = Rig::new();
    for _ in 0..10 {
        assert_eq!(rig.calls(5, SECOND * 3, timed_out), None);
        rig.now += SECOND * 6;
    }
}

#[test]
fn connect_failures_in_a_row_open_it() {
    let rig = Rig::new();
    assert_eq!(rig.fail_to_connect(4), None);
    assert!(rig.passes());
    assert!(rig.fail_to_connect(1).is_some());
    assert!(rig.refuses());
}

#[test]
fn anything_that_goes_well_ends_the_row() {
    let rig = Rig::new();
    assert_eq!(rig.fail_to_connect(4), None);
    rig.breaker.connected();
    assert_eq!(rig.fail_to_connect(4), None);
    assert_eq!(rig.breaker.record(rig.now, CallEnd::Answered), None);
    assert_eq!(rig.fail_to_connect(4), None);
    assert!(rig.passes());
}

#[test]
fn exactly_one_probe_goes_through() {
    let (mut rig, wait) = Rig::opened();
    assert!(rig.refuses());
    rig.now += wait;
    let held = thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| rig.breaker.admit(rig.now)))
            .collect();
        let admissions = callers.into_iter().map(|caller| caller.join().unwrap());
        admissions
            .filter(|admission| !matches!(admission, Admission::Refused))
            .collect::<Vec<_>>()
    });
    assert!(matches!(held.as_slice(), [Admission::Probe(_)]), "{held:?}");
    assert_eq!(rig.breaker.state(), CircuitState::HalfOpen);
    assert!(rig.refuses());
}

#[test]
fn a_probe_that_succeeds_closes_it_and_the_past_is_forgotten() {
    let mut rig = Rig::new();
    rig.calls(1000, SECOND * 2, timed_out).unwrap();
    rig.now += SECOND;
    let closed = rig.probe().record(rig.now, CallEnd::Answered);
    assert_eq!(closed, Some(Transition::Closed));
    assert_eq!(rig.breaker.state(), CircuitState::Closed);
    let blip = Duration::from_millis(800);
    assert_eq!(rig.calls(1000, blip, timed_out), None);
    assert!(rig.passes());
}

#[test]
fn a_probe_that_fails_opens_it_for_twice_as_long_up_to_half_a_minute() {
    let (mut rig, mut wait) = Rig::opened();
    let mut longest = SECOND;
    for _ in 0..10 {
        assert!(
            wait <= longest && wait >= longest * 3 / 4,
            "{wait:?} of {longest:?}"
        );
        let almost = wait.mul_f64(0.999);
        assert!(matches!(
            rig.breaker.admit(rig.now + almost),
            Admission::Refused
        ));
        rig.now += wait;
        let Some(Transition::StaysOpen(next)) = rig.probe().record(rig.now, CallEnd::TimedOut)
        else {
            panic!("did not open again")
        };
        assert_eq!(rig.breaker.state(), CircuitState::Open);
        (wait, longest) = (next, (longest * 2).min(LONGEST));
    }
    assert_eq!(longest, LONGEST);
    rig.now += wait;
    _ = rig.probe().record(rig.now, CallEnd::Answered);
    let Some(Transition::Opened(first)) = rig.fail_to_connect(5) else {
        panic!("did not open")
    };
    assert!(first <= SECOND, "{first:?}");
}

#[test]
fn open_times_are_jittered() {
    let waits: Vec<_> = (0..20).map(|_| Rig::opened().1).collect();
    assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
}

#[test]
fn a_caller_that_goes_away_gives_its_probe_back() {
    let (mut rig, wait) = Rig::opened();
    rig.now += wait;
    drop(rig.probe());
    let closed = rig.probe().record(rig.now, CallEnd::Answered);
    assert_eq!(closed, Some(Transition::Closed));
}

#[test]
fn a_probe_that_nobody_drives_any_further_is_overtaken() {
    let (mut rig, wait) = Rig::opened();
    rig.now += wait;
    let stuck = rig.breaker.admit(rig.now);
    let Admission::Probe(stuck) = stuck else {
        panic!("{stuck:?}")
    };
    let later = rig.now + SECOND * 4;
    assert!(matches!(rig.breaker.admit(later), Admission::Refused));
    let later = rig.now + SECOND * 6;
    let Admission::Probe(second) = rig.breaker.admit(later) else {
        panic!("not overtaken")
    };
    // The first probe's late result does not count, and does not end the second probe.
    assert_eq!(stuck.record(later, CallEnd::Answered), None);
    assert_eq!(rig.breaker.state(), CircuitState::HalfOpen);
    assert!(matches!(rig.breaker.admit(later), Admission::Refused));
    assert!(second.record(later, CallEnd::TimedOut).is_some());
}

#[test]
fn a_connection_that_comes_up_ends_the_wait() {
    let (rig, _) = Rig::opened();
    assert!(rig.refuses());
    rig.breaker.connected();
    // It closes only after a probe, though.
    drop(rig.probe());
    assert_eq!(rig.breaker.state(), CircuitState::Open);
}

#[test]
fn what_ends_after_it_has_opened_changes_nothing() {
    let (rig, _) = Rig::opened();
    for end in [CallEnd::Answered, CallEnd::TimedOut, CallEnd::Broken] {
        assert_eq!(rig.breaker.record(rig.now, end), None);
    }
    assert_eq!(rig.fail_to_connect(10), None);
    assert!(rig.refuses());
}

#[test]
fn one_caller_is_told_of_a_change() {
    let mut rig = Rig::new();
    let before = Duration::from_millis(990);
    assert_eq!(rig.calls(100, before, timed_out), None);
    rig.now += Duration::from_millis(300);
    let told = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let transition = rig.breaker.record(rig.now, CallEnd::TimedOut);
                told.fetch_add(u32::from(transition.is_some()), Ordering::Relaxed);
            });
        }
    });
    assert_eq!(told.load(Ordering::Relaxed), 1);
}
