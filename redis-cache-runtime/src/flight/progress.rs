//! Whether a leader is still being polled.
//!
//! A future that is no longer polled never ends, and its followers would wait for ever: a caller that polls a call once, keeps
//! it aside, and then awaits a second call with the same key would wait for itself. That leader has been woken and is not polled.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use crate::{flight::reentrancy, process::waking, telemetry};

/// Followers do not wait for a leader that was woken so long ago and has not been polled since.
pub(super) const STALLED: Duration = Duration::from_secs(1);

/// The wake-ups and polls of a leader that is a task.
#[derive(Debug, Default)]
pub(super) struct Progress {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the leader was woken, if it has not been polled since.
    woken: Option<Instant>,
    /// The leader's own waker.
    waker: Option<Waker>,
}

impl Progress {
    /// The progress of a follower that is given the lead and has yet to be polled.
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

    /// Drops the leader's waker: the leader's work needs no more polls.
    pub(super) fn rest(&self) {
        let waker = self.state().waker.take();
        drop(waker);
    }

    /// Notes that the leader is polled.
    fn attended(&self) {
        self.state().woken = None;
    }

    /// Notes that the leader is polled, and its waker. Wakers are the executor's code: they are cloned and dropped outside of the
    /// lock.
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
            // On other threads the executor's waker is called directly, as it would be without the attribute.
            Some(waker) if telemetry::is_on_our_thread() => waking::wake(waker),
            Some(waker) => waker.wake(),
            None => {}
        }
    }
}

/// The waker of a leader's work. All are made in this function, so that their vtable tells them from others.
#[inline(never)]
fn waker_of(progress: &Arc<Progress>) -> Waker {
    Waker::from(Arc::clone(progress))
}

/// An example of the leaders' wakers.
pub(super) fn example() -> Waker {
    waker_of(&Arc::default())
}

/// Polls `work` and notes the poll. Inside another leader's body the outer leader's waker is used: otherwise a recursion would
/// wake as many wakers as it is deep, on a stack that may be too small.
pub(super) async fn attend<F: Future>(
    progress: &Arc<Progress>,
    mut work: Pin<&mut F>,
) -> F::Output {
    poll_fn(|context| poll_attended(progress, context, |context| work.as_mut().poll(context))).await
}

/// As [`attend`], for one poll.
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
