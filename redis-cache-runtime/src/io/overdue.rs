//! Ends look-ups whose time is up.
//!
//! A look-up in a lane is driven by the caller's runtime, and so would be a timer. Where that runtime's only thread is blocked
//! (a nested `block_on`), or nobody drives it any more, neither the answer nor the deadline would ever arrive. So the
//! background thread keeps the time, with one timer for all.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use slab::Slab;
use tokio::sync::Notify;

use super::{Endpoint, IoThread, alarm::Alarm};

/// How often the timer goes off with nothing under way: so soon that those who come next need not set it.
const TICK: Duration = Duration::from_millis(25);

/// After so many turns with nothing under way it stops.
const IDLE_TURNS: u32 = 40;

/// The look-ups under way in lanes.
#[derive(Debug, Default)]
pub(super) struct Overdue {
    state: Mutex<State>,
    /// Says that a deadline comes before the timer's.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: Slab<(Instant, Waker)>,
    /// When the timer goes off; `None` where none is running.
    timer: Option<Instant>,
    /// How often it has gone off since anything was under way.
    idle_turns: u32,
}

impl Overdue {
    /// The wakers of those whose deadline has passed, and when the timer is to go off next. `None` where there is nothing
    /// to wait for any more.
    fn turn(&self) -> (Vec<Waker>, Option<Instant>) {
        let now = Instant::now();
        let mut state = self.state();
        let waiting = || state.waiting.iter().map(|(_, waiting)| waiting);
        let overdue = waiting()
            .filter(|(deadline, _)| *deadline <= now)
            .map(|(_, waker)| waker.clone())
            .collect();
        let pending = waiting().map(|(deadline, _)| *deadline);
        let next = pending.filter(|deadline| *deadline > now).min();
        state.idle_turns += 1;
        let is_idle = state.waiting.is_empty() && state.idle_turns > IDLE_TURNS;
        state.timer = next.or_else(|| (!is_idle).then(|| now + TICK));
        (overdue, state.timer)
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Awaits `work` until `deadline`, however its runtime fares. `None` if it is not done by then.
pub(super) fn until<T, F: Future<Output = T>>(
    endpoint: &Arc<Endpoint>,
    deadline: Instant,
    mut work: Pin<&mut F>,
) -> impl Future<Output = Option<T>> {
    let mut waiting: Option<Waiting<'_>> = None;
    let mut is_late = false;
    poll_fn(move |context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        if waiting.is_some() && Instant::now() >= deadline {
            if is_late {
                return Poll::Ready(None);
            }
            // The answer may be there already: where this runtime was busy, its connections have not had their turn.
            is_late = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        match &waiting {
            Some(waiting) => waiting.update(context.waker()),
            None => waiting = Some(Waiting::begin(endpoint, deadline, context.waker())),
        }
        Poll::Pending
    })
}

/// One look-up among those that wait, until it is dropped.
struct Waiting<'e> {
    overdue: &'e Overdue,
    place: usize,
}

impl<'e> Waiting<'e> {
    fn begin(endpoint: &'e Arc<Endpoint>, deadline: Instant, waker: &Waker) -> Self {
        let overdue = endpoint.overdue();
        let mut state = overdue.state();
        let place = state.waiting.insert((deadline, waker.clone()));
        state.idle_turns = 0;
        let timer = state.timer;
        if timer.is_none_or(|timer| deadline < timer) {
            state.timer = Some(deadline);
            drop(state);
            if timer.is_some() {
                overdue.earlier.notify_one();
            } else if let Some(thread) = IoThread::get() {
                thread.spawn(keep_time(Arc::clone(endpoint)));
            }
        }
        Self { overdue, place }
    }

    fn update(&self, waker: &Waker) {
        let mut state = self.overdue.state();
        if let Some((_, known)) = state.waiting.get_mut(self.place) {
            known.clone_from(waker);
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let gone = self.overdue.state().waiting.try_remove(self.place);
        // A waker may run the executor's code when it is dropped: not under the lock.
        drop(gone);
    }
}

/// Wakes what is overdue, for as long as there is anything under way.
async fn keep_time(endpoint: Arc<Endpoint>) {
    let overdue = endpoint.overdue();
    let alarm = Alarm::new();
    loop {
        let (late, next) = overdue.turn();
        late.into_iter().for_each(Waker::wake);
        let Some(next) = next else { return };
        tokio::select! {
            () = alarm.at(next) => {}
            () = overdue.earlier.notified() => {}
        }
    }
}
