//! Ends look-ups whose own runtime has stopped turning.
//!
//! A look-up in a lane is driven, and timed, by the caller's runtime. Where that runtime's only thread is blocked (a nested
//! `block_on`), or nobody drives it any more, neither the answer nor the deadline would ever arrive.

use std::{
    collections::HashMap,
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{Endpoint, IoThread};

/// How often the background thread looks for overdue look-ups, while there are any under way.
const TICK: Duration = Duration::from_millis(25);

/// After so many looks at nothing it stops looking.
const IDLE_TICKS: u32 = 40;

/// The look-ups under way in lanes.
#[derive(Debug, Default)]
pub(super) struct Overdue {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<u64, (Instant, Waker)>,
    next: u64,
    ticking: bool,
}

impl Overdue {
    /// The wakers of those whose deadline has passed.
    fn overdue(&self) -> Vec<Waker> {
        let now = Instant::now();
        let state = self.state();
        let overdue = state
            .waiting
            .values()
            .filter(|(deadline, _)| *deadline <= now);
        overdue.map(|(_, waker)| waker.clone()).collect()
    }

    /// Stops the ticking where there is nothing to wait for.
    fn stop_if_idle(&self) -> bool {
        let mut state = self.state();
        state.ticking = !state.waiting.is_empty();
        !state.ticking
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Awaits `work` until `deadline`, however its runtime fares. `None` if it is not done by then.
pub(super) async fn until<T>(
    endpoint: &Arc<Endpoint>,
    deadline: Instant,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    let mut waiting: Option<Waiting<'_>> = None;
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        if waiting.is_some() && Instant::now() >= deadline {
            return Poll::Ready(None);
        }
        match &waiting {
            Some(waiting) => waiting.update(context.waker()),
            None => waiting = Some(Waiting::begin(endpoint, deadline, context.waker())),
        }
        Poll::Pending
    })
    .await
}

/// One look-up among those that wait, until it is dropped.
struct Waiting<'e> {
    overdue: &'e Overdue,
    id: u64,
}

impl<'e> Waiting<'e> {
    fn begin(endpoint: &'e Arc<Endpoint>, deadline: Instant, waker: &Waker) -> Self {
        let overdue = endpoint.overdue();
        let mut state = overdue.state();
        let id = state.next;
        state.next += 1;
        state.waiting.insert(id, (deadline, waker.clone()));
        let ticking = std::mem::replace(&mut state.ticking, true);
        drop(state);
        if !ticking && let Some(thread) = IoThread::get() {
            thread.spawn(tick(Arc::clone(endpoint)));
        }
        Self { overdue, id }
    }

    fn update(&self, waker: &Waker) {
        let mut state = self.overdue.state();
        if let Some((_, known)) = state.waiting.get_mut(&self.id) {
            known.clone_from(waker);
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.overdue.state().waiting.remove(&self.id);
    }
}

/// Wakes what is overdue, for as long as there is anything under way.
async fn tick(endpoint: Arc<Endpoint>) {
    loop {
        for _ in 0..IDLE_TICKS {
            sleep(TICK).await;
            for waker in endpoint.overdue().overdue() {
                waker.wake();
            }
        }
        if endpoint.overdue().stop_if_idle() {
            return;
        }
    }
}
