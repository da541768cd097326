//! Ends look-ups whose time is up.
//!
//! The caller's runtime or the background thread drives a look-up, and would drive a timer as well. Where that runtime's only
//! thread is blocked (a nested `block_on`), or nothing drives it any more, neither the answer nor the timer would ever arrive.
//! So one thread keeps the time of all look-ups, and does nothing else.
//!
//! A budget may be half a millisecond, before a body that takes one (`ROUND_TRIP` in `cache/compute_time.rs`), and less where
//! the user writes a shorter `timeout`: so the timer has no minimum.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use slab::Slab;

use crate::{
    process::{launch::Launch, per_process::PerProcess, waking},
    telemetry,
};

/// How often the timer goes off with no look-up under way: earlier than most deadlines, so that the next need not set it.
const TICK: Duration = Duration::from_millis(25);

/// After so many idle turns, about a second, the timer stops.
const IDLE_TURNS: u32 = 40;

/// Callers wait no longer than this for the clock's thread to start.
const PATIENCE: Duration = Duration::from_millis(250);

static CLOCK: PerProcess<Deadlines> = PerProcess::new();

/// The waiters of this process, and the thread that wakes them at their deadlines.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    launch: Launch,
    is_running: AtomicBool,
    /// Notified once the thread runs.
    begun: Condvar,
    state: Mutex<State>,
    /// Notified when a deadline comes before the timer's.
    earlier: Condvar,
}

/// One waiter.
#[derive(Debug)]
struct Late {
    deadline: Instant,
    /// `None` once it has been woken.
    waker: Option<Waker>,
    /// [`waking::wake`], or [`waking::wake_here`] for a waker of this crate.
    wake: Wake,
}

/// Wakes a waker.
type Wake = fn(Waker);

#[derive(Debug, Default)]
struct State {
    waiting: Slab<Late>,
    /// When the timer goes off; `None` while it is stopped.
    timer: Option<Instant>,
    /// How often it has gone off since the last waiter came.
    idle_turns: u32,
}

impl State {
    /// Takes the wakers whose deadline has passed, and sets the timer. Runs no code of a waker, because the lock is held.
    fn turn(&mut self, now: Instant, late: &mut Vec<(Waker, Wake)>) {
        let mut next: Option<Instant> = None;
        for (_, waiting) in &mut self.waiting {
            let deadline = waiting.deadline;
            if deadline <= now {
                let waker = waiting.waker.take();
                late.extend(waker.map(|waker| (waker, waiting.wake)));
            } else {
                next = Some(next.map_or(deadline, |next| next.min(deadline)));
            }
        }
        self.idle_turns += 1;
        // Waiters that were woken but are not gone yet do not count.
        let is_idle = next.is_none() && self.idle_turns > IDLE_TURNS;
        self.timer = next.or_else(|| (!is_idle).then(|| now + TICK));
    }
}

impl Deadlines {
    /// Starts the thread before it is needed.
    pub(crate) fn start() {
        CLOCK.get().launch();
    }

    /// The clock. `None` while its thread does not run, so that it could end no look-up: it can't be started, or it hangs in a
    /// forked child, because another thread held a lock that the standard library takes in each new thread.
    pub(crate) fn get() -> Option<&'static Self> {
        let clock = CLOCK.get();
        let runs = clock.is_running.load(Ordering::Acquire) || clock.begins();
        runs.then_some(clock)
    }

    /// Wakes `waker`, which is one of this crate's, at `deadline`, unless the returned waiter is dropped before.
    pub(crate) fn wake_at(&'static self, deadline: Instant, waker: &Waker) -> Waiting {
        Waiting::begin(self, deadline, waker, waking::wake_here)
    }

    fn launch(&'static self) {
        _ = self.launch.ensure("redis-cache-clock", || self.run());
    }

    /// Waits for a start that is under way, [`PATIENCE`] at most. Returns whether the thread runs.
    fn begins(&'static self) -> bool {
        self.launch();
        let mut state = self.state();
        while !self.is_running.load(Ordering::Acquire) {
            let left = PATIENCE.saturating_sub(self.launch.since_begun());
            if left.is_zero() || self.launch.has_failed() {
                return false;
            }
            let woken = self.begun.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn run(&self) {
        telemetry::keep_off();
        {
            let _state = self.state();
            self.is_running.store(true, Ordering::Release);
        }
        self.begun.notify_all();
        let mut late = Vec::new();
        loop {
            let mut state = self.state();
            let now = Instant::now();
            state.turn(now, &mut late);
            if late.is_empty() {
                self.wait(state, now);
            } else {
                drop(state);
                for (waker, wake) in late.drain(..) {
                    wake(waker);
                }
            }
        }
    }

    fn wait(&self, state: MutexGuard<'_, State>, now: Instant) {
        match state.timer {
            Some(timer) => drop(self.earlier.wait_timeout(state, timer - now)),
            None => drop(self.earlier.wait(state)),
        }
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Awaits `work` until `deadline`, even where its runtime makes no progress. `None` if it is not done by then.
pub(super) fn until<T, F: Future<Output = T>>(
    clock: &'static Deadlines,
    deadline: Instant,
    mut work: Pin<&mut F>,
) -> impl Future<Output = Option<T>> {
    let mut waiting: Option<Waiting> = None;
    let mut is_late = false;
    poll_fn(move |context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        if waiting.is_some() && Instant::now() >= deadline {
            if is_late {
                return Poll::Ready(None);
            }
            // The answer may be there already: where this runtime was busy, it has not polled its connections yet.
            is_late = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(waiting) = &waiting {
            waiting.update(context.waker());
        } else {
            let begun = Waiting::begin(clock, deadline, context.waker(), waking::wake);
            waiting = Some(begun);
        }
        Poll::Pending
    })
}

/// A waiter's place, freed as it is dropped. Wakers are cloned and dropped outside of the lock: they may run the executor's
/// code.
#[derive(Debug)]
pub(crate) struct Waiting {
    clock: &'static Deadlines,
    place: usize,
}

impl Waiting {
    fn begin(clock: &'static Deadlines, deadline: Instant, waker: &Waker, wake: fn(Waker)) -> Self {
        let waker = Some(waker.clone());
        let mut state = clock.state();
        let place = state.waiting.insert(Late {
            deadline,
            waker,
            wake,
        });
        state.idle_turns = 0;
        if state.timer.is_none_or(|timer| deadline < timer) {
            state.timer = Some(deadline);
            drop(state);
            clock.earlier.notify_one();
        }
        Self { clock, place }
    }

    fn update(&self, waker: &Waker) {
        let is_known = |known: &Waker| known.will_wake(waker);
        let state = self.clock.state();
        let known = state.waiting.get(self.place);
        if known.is_some_and(|known| known.waker.as_ref().is_some_and(is_known)) {
            return;
        }
        drop(state);
        let new = waker.clone();
        let old = {
            let mut state = self.clock.state();
            let known = state.waiting.get_mut(self.place);
            known.and_then(|known| known.waker.replace(new))
        };
        drop(old);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let gone = self.clock.state().waiting.try_remove(self.place);
        drop(gone);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        sync::Arc,
        task::{Context, Wake},
        thread,
    };

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn never_done(after: Duration) -> Option<()> {
        let clock = Deadlines::get().unwrap();
        let work = pin!(std::future::pending::<()>());
        pollster::block_on(until(clock, Instant::now() + after, work))
    }

    #[test]
    fn it_ends_what_is_overdue_and_nothing_before() {
        for wait in [0, 1, 30, 3].map(Duration::from_millis) {
            let began = Instant::now();
            assert_eq!(never_done(wait), None);
            assert!(began.elapsed() >= wait);
        }
        let clock = Deadlines::get().unwrap();
        let far = Instant::now() + SOON * 100;
        let done = pollster::block_on(until(clock, far, pin!(async { 5 })));
        assert_eq!(done, Some(5));
    }

    struct Panics(AtomicBool);

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Release);
            panic!("as an executor that has ended may");
        }
    }

    #[test]
    fn a_waker_that_panics_is_its_own_affair() {
        let panics = Arc::new(Panics(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&panics));
        let clock = Deadlines::get().unwrap();
        let deadline = Instant::now() + Duration::from_millis(1);
        let work = pin!(std::future::pending::<()>());
        let mut late = pin!(until(clock, deadline, work));
        let mut context = Context::from_waker(&waker);
        assert!(late.as_mut().poll(&mut context).is_pending());
        let began = Instant::now();
        while !panics.0.load(Ordering::Acquire) {
            assert!(began.elapsed() < SOON);
            thread::yield_now();
        }
        assert_eq!(never_done(Duration::from_millis(1)), None);
    }
}
