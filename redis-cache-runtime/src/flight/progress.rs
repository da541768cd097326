//! Whether a leader is still being polled.
//!
//! A future that nobody polls never ends, and neither do those who wait for it: a caller that polls a call once, keeps
//! it aside, and then awaits a second call with the same key would wait for itself. What gives such a leader away is that
//! it has been woken and is not polled.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use crate::{flight::reentrancy, process::waking, telemetry};

/// A leader that was woken so long ago and has not been polled since holds nobody up any longer.
pub(super) const STALLED: Duration = Duration::from_secs(1);

/// How a leader that is a task is getting on.
#[derive(Debug, Default)]
pub(super) struct Progress {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When it was woken, if it has not been polled since.
    woken: Option<Instant>,
    /// Whom to wake.
    waker: Option<Waker>,
}

impl Progress {
    /// Of a leader that is to be told of its lead, and has yet to hear of it.
    pub(super) fn handed_over() -> Self {
        let woken = Some(Instant::now());
        Self {
            state: Mutex::new(State { woken, waker: None }),
        }
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.state()
            .woken
            .is_some_and(|woken| woken.elapsed() >= STALLED)
    }

    /// Lets go of whom to wake: the leader has nothing left to be polled for.
    pub(super) fn rest(&self) {
        let waker = self.state().waker.take();
        drop(waker);
    }

    /// Notes that it is polled.
    fn attended(&self) {
        self.state().woken = None;
    }

    /// Notes that it is polled, and whom to wake. Wakers are the executor's: they are cloned and dropped outside of the lock.
    fn polled(&self, waker: &Waker) {
        let is_known = {
            let mut state = self.state();
            state.woken = None;
            let known = state.waker.as_ref();
            known.is_some_and(|known| known.will_wake(waker))
        };
        if !is_known {
            let waker = Some(waker.clone());
            let before = std::mem::replace(&mut self.state().waker, waker);
            drop(before);
        }
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Progress {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waker = {
            let mut state = self.state();
            state.woken.get_or_insert_with(Instant::now);
            state.waker.take()
        };
        match waker {
            // Elsewhere the leader is woken by what it waits for itself, as it would be without us.
            Some(waker) if telemetry::is_on_our_thread() => waking::wake(waker),
            Some(waker) => waker.wake(),
            None => {}
        }
    }
}

/// What wakes a leader. Made here alone, so that all are made of the same.
#[inline(never)]
fn waker_of(progress: &Arc<Progress>) -> Waker {
    Waker::from(Arc::clone(progress))
}

/// One such as wakes a leader.
pub(super) fn example() -> Waker {
    waker_of(&Arc::default())
}

/// Polls `work` and notes that it is polled. Inside another leader's body that one's waker is enough: a recursion would else wake
/// its way through as many wakers as it is deep, on whatever stack there is.
pub(super) async fn attend<F: Future>(
    progress: &Arc<Progress>,
    mut work: Pin<&mut F>,
) -> F::Output {
    poll_fn(|context| poll_attended(progress, context, |context| work.as_mut().poll(context))).await
}

/// Polls a part of the work once.
pub(super) fn poll_attended<T>(
    progress: &Arc<Progress>,
    context: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    if reentrancy::leads_here() {
        progress.attended();
        return poll(context);
    }
    progress.polled(context.waker());
    poll(&mut Context::from_waker(&waker_of(progress)))
}
