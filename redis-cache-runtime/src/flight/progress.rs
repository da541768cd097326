//! Whether a leader is still being run.
//!
//! A future that nobody polls never ends, and neither do those who wait for it: a caller that polls a call once, keeps
//! it aside, and then awaits a second call with the same key would wait for itself. What gives such a leader away is that
//! it has been woken and is not polled.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Wake, Waker},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{Flights, Landing};
use crate::{io::IoThread, key::Digest, slot};

/// A leader that was woken so long ago and has not been polled since holds nobody up any longer.
const STALLED: Duration = Duration::from_secs(1);

/// How a leader is getting on.
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
    /// Whether its followers are looked after.
    watched: bool,
    /// Who waits for it although another leads since.
    followers: VecDeque<slot::Sender<Landing>>,
}

impl Progress {
    /// Of a leader that is to be told of its lead, and has yet to hear of it.
    pub(super) fn handed_over() -> Self {
        let woken = Some(Instant::now());
        Self {
            state: Mutex::new(State {
                woken,
                ..State::default()
            }),
        }
    }

    /// It is being run by a thread, or about to be polled.
    pub(super) fn attended(&self) {
        self.state().woken = None;
    }

    /// Keeps those who wait for a leader in whose place another leads.
    pub(super) fn take_over(&self, followers: VecDeque<slot::Sender<Landing>>) {
        self.state().followers = followers;
    }

    /// Gives back whom [`take_over`](Self::take_over) has kept.
    pub(super) fn followers(&self) -> VecDeque<slot::Sender<Landing>> {
        std::mem::take(&mut self.state().followers)
    }

    fn has_followers(&self) -> bool {
        !self.state().followers.is_empty()
    }

    fn is_stalled(&self) -> bool {
        self.state()
            .woken
            .is_some_and(|woken| woken.elapsed() >= STALLED)
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
            state.waker.clone()
        };
        // Waking may run the executor's code: not under the lock.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Polls `work` and notes that it is polled.
pub(super) async fn attend<F: Future>(
    progress: &Arc<Progress>,
    mut work: Pin<&mut F>,
) -> F::Output {
    let waker = Waker::from(Arc::clone(progress));
    poll_fn(|context| {
        {
            let mut state = progress.state();
            state.woken = None;
            if !state
                .waker
                .as_ref()
                .is_some_and(|known| known.will_wake(context.waker()))
            {
                state.waker = Some(context.waker().clone());
            }
        }
        work.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

/// Looks after the followers of a leader, once: sends them on if it is no longer being run.
pub(super) fn watch(flights: &'static Flights, digest: Digest, progress: &Arc<Progress>) {
    if std::mem::replace(&mut progress.state().watched, true) {
        return;
    }
    let Some(thread) = IoThread::get() else {
        return;
    };
    let progress = Arc::clone(progress);
    thread.spawn(async move {
        loop {
            sleep(STALLED / 2).await;
            if !flights.is_led_by(&digest, &progress) && !progress.has_followers() {
                return;
            }
            if progress.is_stalled() {
                return flights.abandon(&digest, &progress);
            }
        }
    });
}
