//! The caller that looks up and computes for its followers.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use super::{
    FlightResult, Flights,
    entry::{Completion, Failed},
    progress::{Progress, attend, poll_attended},
    running::{Queue, Running, State, Waiting},
};
use crate::{key::Digest, remote::Epoch, value::envelope::Contents};

/// After this many leaders without a value all followers run the body: each would otherwise wait for the failures of all
/// leaders before it.
pub(super) const PATIENCE: u32 = 2;

/// A caller that looks up and computes for its followers. They get a result however it ends: a leader that is dropped as the last
/// of its call hands over to the next follower in line.
#[derive(Debug)]
pub(crate) struct Leader {
    pub(super) flights: &'static Flights,
    pub(super) digest: Digest,
    pub(super) running: Arc<Running>,
    pub(super) progress: Option<Arc<Progress>>,
    pub(super) is_looking: bool,
    pub(super) role: Role,
    pub(super) has_ended: bool,
}

/// How a leader came to lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// There was no other leader.
    First,
    /// There was another leader, and this caller could not wait for it.
    Beside,
    /// It followed another leader, and was let go.
    LetGo {
        /// Whether the other leader's task or runtime seemed not to be run.
        was_stuck: bool,
    },
}

impl Leader {
    /// Begins to lead after having followed. Where the value has come since then, returns it. `None` where the other leader is
    /// run after all: this caller follows it again, by `follow`.
    pub(super) fn begin(
        mut self,
        follow: Option<&mut dyn FnMut(&mut State)>,
    ) -> Option<FlightResult> {
        let mut state = self.running.state();
        if state.has_ended {
            let value = state.value.clone();
            state.remove_leader(self.is_looking);
            drop(state);
            self.has_ended = true;
            return Some(value.map_or(FlightResult::Alone, FlightResult::Value));
        }
        if let Some(follow) = follow
            && self.role == (Role::LetGo { was_stuck: true })
            && state.leaders > 1
            && !state.is_stuck(Instant::now())
        {
            state.remove_leader(self.is_looking);
            follow(&mut state);
            drop(state);
            self.has_ended = true;
            return None;
        }
        drop(state);
        Some(FlightResult::Lead(self))
    }

    /// Ends without a value if no caller follows.
    ///
    /// # Errors
    ///
    /// The leader, where callers follow.
    pub(crate) fn abandon_alone(mut self) -> Result<(), Self> {
        self.has_ended = self.flights.leave_alone(&self);
        if self.has_ended { Ok(()) } else { Err(self) }
    }

    /// Awaits a part of this leader's work. The watch over its followers sees when its task is no longer polled.
    pub(crate) async fn attend<F: Future>(&self, work: Pin<&mut F>) -> F::Output {
        match &self.progress {
            Some(progress) => attend(progress, work).await,
            None => work.await,
        }
    }

    /// Polls a part of this leader's work, as [`attend`](Self::attend) does.
    pub(crate) fn poll_attended<T>(
        &self,
        context: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        match &self.progress {
            Some(progress) => poll_attended(progress, context, poll),
            None => poll(context),
        }
    }

    /// Whether callers follow.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.running.state().line.is_empty()
    }

    /// Called before the verifier's thread takes the work over. Drops the executor's waker here: dropping its last one on that
    /// thread would run the executor's code there.
    pub(crate) fn rest(&self) {
        if let Some(progress) = &self.progress {
            progress.rest();
        }
    }

    /// Called when the look-up is over without a value, and the body begins.
    pub(crate) fn computes(&mut self) {
        if std::mem::take(&mut self.is_looking) {
            let mut state = self.running.state();
            state.looking = state.looking.saturating_sub(1);
        }
    }

    /// Ends with a value that later callers do not get here: it is from Redis, at another entry, or not stored.
    pub(crate) fn complete(mut self, contents: &Contents) {
        self.has_ended = true;
        let followers = self.flights.end(&self, Completion::Stored(contents));
        give(followers, contents);
    }

    /// Ends with a value that is to be stored. Later callers find it here until [`Flights::settle`] is called with the ticket
    /// that `queue` gives. Where `queue` refuses, or the entry was invalidated meanwhile, only the followers get the value.
    pub(crate) fn complete_queued(
        mut self,
        contents: &Contents,
        epoch: Epoch,
        queue: impl FnOnce() -> Option<u64>,
    ) {
        self.has_ended = true;
        let mut queue = Some(queue);
        let mut queue = || queue.take().and_then(|queue| queue());
        let followed = Completion::Queued {
            contents,
            epoch,
            queue: &mut queue,
        };
        let followers = self.flights.end(&self, followed);
        give(followers, contents);
    }

    /// Ends without a value for others; the followers run the body by themselves.
    pub(crate) fn abandon(mut self) {
        self.has_ended = true;
        send_on(self.flights.end(&self, Completion::Nothing));
    }

    /// Gives the lead to the next follower in line, or ends the call if there is none.
    pub(super) fn pass_on(mut self) {
        while let Some(next) = self.flights.next_in_line(&self) {
            // Only the first leader, or the one in its place, is watched.
            if self.role == Role::First {
                let progress = next.is_task.then(|| Arc::new(Progress::handed_over()));
                self.progress.clone_from(&progress);
                let before = std::mem::replace(&mut self.running.state().progress, progress);
                drop(before);
            }
            match next.sender.send(FlightResult::Lead(self)) {
                // This follower was cancelled; the one behind it is next.
                Err(FlightResult::Lead(refused)) => self = refused,
                Ok(()) | Err(FlightResult::Value(_) | FlightResult::Alone) => return,
            }
        }
        self.has_ended = true;
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        match self.flights.fail(self) {
            Failed::Nothing => {}
            Failed::SendOn(followers) => send_on(followers),
            Failed::PassOn => {
                let heir = Self {
                    flights: self.flights,
                    digest: self.digest,
                    running: Arc::clone(&self.running),
                    progress: None,
                    is_looking: true,
                    role: Role::First,
                    has_ended: false,
                };
                heir.pass_on();
            }
        }
    }
}

/// Has the followers run the body by themselves.
fn send_on(followers: Queue) {
    for follower in followers.waiting {
        send_to(follower, FlightResult::Alone);
    }
}

/// Gives a value to the followers.
fn give(followers: Queue, contents: &Contents) {
    for follower in followers.waiting {
        send_to(follower, FlightResult::Value(contents.clone()));
    }
}

/// A follower that was cancelled needs no result.
fn send_to(follower: Waiting, landing: FlightResult) {
    drop(follower.sender.send(landing));
}
