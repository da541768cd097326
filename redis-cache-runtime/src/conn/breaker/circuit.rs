//! The state of a circuit breaker, and its transitions.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use super::{Availability, Probe, window::Window};
use crate::{
    limits::{OPEN_FIRST, OPEN_LONGEST},
    outcome::CircuitState,
    process::jitter,
};

/// This many failed attempts to connect in a row open the breaker.
const CONNECT_FAILURES: u32 = 5;

/// A probe without a result after this time is given to another caller: its own caller may never be polled again.
const PROBE: Duration = Duration::from_secs(5);

/// How one call to Redis ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conn) enum CallEnd {
    /// Redis answered, if only with an error.
    Answered,
    /// The budget was used up.
    TimedOut,
    /// The connection was lost.
    Broken,
}

impl CallEnd {
    const fn is_failure(self) -> bool {
        match self {
            Self::Answered => false,
            Self::TimedOut | Self::Broken => true,
        }
    }
}

/// Whether a caller may ask Redis.
#[derive(Debug)]
pub(in crate::conn) enum Admission<'b> {
    /// The caller may ask, and reports the end to [`Breaker::record`].
    Pass,
    /// This caller alone may ask, and reports the end to the probe.
    Probe(Probe<'b>),
    /// The caller may not ask.
    Refused,
}

/// A change of state, returned to the one caller that has caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conn) enum Transition {
    /// No caller asks Redis for this time.
    Opened(Duration),
    /// A probe has failed, and no caller asks Redis for this time.
    StaysOpen(Duration),
    /// All callers ask Redis again.
    Closed,
}

/// The circuit breaker of one endpoint.
#[derive(Debug)]
pub(in crate::conn) struct Breaker {
    start: Instant,
    /// A [`Gate`].
    gate: AtomicU64,
    window: Window,
    /// Failed attempts to connect since the last success of any kind.
    connect_failures: AtomicU32,
    /// How often the breaker has opened since it was closed.
    openings: AtomicU32,
}

impl Breaker {
    /// A closed breaker.
    pub(in crate::conn) const fn new(now: Instant) -> Self {
        Self {
            start: now,
            gate: AtomicU64::new(Gate::CLOSED.0),
            window: Window::new(),
            connect_failures: AtomicU32::new(0),
            openings: AtomicU32::new(0),
        }
    }

    /// Whether Redis is worth asking. The clock is read only where it matters.
    pub(in crate::conn) fn availability(&self, clock: impl FnOnce() -> Instant) -> Availability {
        self.availability_at(self.gate(), clock)
    }

    fn availability_at(&self, gate: Gate, clock: impl FnOnce() -> Instant) -> Availability {
        if gate == Gate::CLOSED {
            return Availability::Available;
        }
        let is_over = nanos(self.since_start(clock())) >= gate.until();
        match gate.state() {
            CircuitState::Closed => Availability::Available,
            // A probe without a result at its deadline is given to another look-up.
            CircuitState::HalfOpen | CircuitState::Open if is_over => Availability::ProbeDue,
            CircuitState::HalfOpen => Availability::Probing,
            CircuitState::Open => Availability::Unavailable,
        }
    }

    /// Whether the caller may ask Redis.
    pub(in crate::conn) fn admit(&self, now: Instant) -> Admission<'_> {
        let gate = self.gate();
        match self.availability_at(gate, || now) {
            Availability::Available => Admission::Pass,
            Availability::ProbeDue => {
                let probing = Gate::half_open(self.since_start(now) + PROBE);
                if self.change(gate, probing) {
                    Admission::Probe(Probe::new(self, probing))
                } else {
                    Admission::Refused
                }
            }
            Availability::Probing | Availability::Unavailable => Admission::Refused,
        }
    }

    /// Takes the result of a call that was let pass.
    pub(in crate::conn) fn record(&self, now: Instant, end: CallEnd) -> Option<Transition> {
        let at = self.since_start(now);
        self.window.add(at, end.is_failure());
        if end.is_failure() {
            return self
                .window
                .is_failing(at)
                .then(|| self.open(Gate::CLOSED, at))?;
        }
        self.end_row();
        None
    }

    /// Counts a failed attempt to connect.
    pub(in crate::conn) fn connect_failed(&self, now: Instant) -> Option<Transition> {
        let failures = self.connect_failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures < CONNECT_FAILURES {
            return None;
        }
        self.open(Gate::CLOSED, self.since_start(now))
    }

    /// Takes note that an attempt to connect has succeeded: the server is there, so the next caller may probe at once.
    pub(in crate::conn) fn connected(&self) {
        self.end_row();
        let gate = self.gate();
        if gate.state() == CircuitState::Open {
            self.change(gate, Gate::OVERDUE);
        }
    }

    #[cfg(test)]
    pub(super) fn state(&self) -> CircuitState {
        self.gate().state()
    }

    fn gate(&self) -> Gate {
        Gate(self.gate.load(Ordering::Relaxed))
    }

    /// Takes the result of a probe; `None` where the probe came back too late to count.
    pub(super) fn probed(&self, probe: Gate, now: Instant, end: CallEnd) -> Option<Transition> {
        let at = self.since_start(now);
        if end.is_failure() {
            return self.open(probe, at);
        }
        // Before the breaker closes, or earlier failures would open it again.
        self.window.forget(at);
        self.end_row();
        let closed = self.change(probe, Gate::CLOSED);
        if closed {
            self.openings.store(0, Ordering::Relaxed);
        }
        closed.then_some(Transition::Closed)
    }

    /// Lets another caller probe, because the one with this probe has gone.
    pub(super) fn give_back(&self, probe: Gate) {
        self.change(probe, Gate::OVERDUE);
    }

    /// Opens the breaker, unless another thread has changed it since `from` was read.
    fn open(&self, from: Gate, at: Duration) -> Option<Transition> {
        let before = self.openings.load(Ordering::Relaxed);
        let longest = OPEN_FIRST
            .saturating_mul(1 << before.min(10))
            .min(OPEN_LONGEST);
        // Up to a quarter less, so that the processes of a fleet do not all probe at once.
        let wait = longest.mul_f64(1.0 - jitter::random() / 4.0);
        if !self.change(from, Gate::open(at + wait)) {
            return None;
        }
        self.openings.store(before + 1, Ordering::Relaxed);
        Some(if before == 0 {
            Transition::Opened(wait)
        } else {
            Transition::StaysOpen(wait)
        })
    }

    fn end_row(&self) {
        // Mostly zero already: a load leaves the cache line shared, a store would not.
        if self.connect_failures.load(Ordering::Relaxed) != 0 {
            self.connect_failures.store(0, Ordering::Relaxed);
        }
    }

    fn change(&self, from: Gate, to: Gate) -> bool {
        self.gate
            .compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    fn since_start(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.start)
    }
}

/// State and deadline in one word, so that one load reads both. The deadline also identifies a probe: the next one begins only
/// after it, and has a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gate(u64);

impl Gate {
    const CLOSED: Self = Self(0);

    /// Open, and the next caller may probe.
    const OVERDUE: Self = Self(1 << 1);

    const HALF_OPEN: u64 = 1;

    fn open(until: Duration) -> Self {
        Self(nanos(until) << 1)
    }

    fn half_open(until: Duration) -> Self {
        Self(Self::open(until).0 | Self::HALF_OPEN)
    }

    /// The nanoseconds after the start from which on a probe may be made.
    const fn until(self) -> u64 {
        self.0 >> 1
    }

    const fn state(self) -> CircuitState {
        match self.0 {
            0 => CircuitState::Closed,
            gate if gate & Self::HALF_OPEN != 0 => CircuitState::HalfOpen,
            _ => CircuitState::Open,
        }
    }
}

/// Fits in 63 bits for almost three centuries.
fn nanos(at: Duration) -> u64 {
    u64::try_from(at.as_nanos()).unwrap_or(u64::MAX >> 1)
}
