//! The caller that waits for a leader's result.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::runtime::Id;

use super::{
    FlightResult, Flights,
    running::{Running, Waiting},
    watch::Watch,
};
use crate::{conn::Deadlines, key::Digest, process::oneshot};

/// How long a follower that has been taken out of the line waits for its result: another thread is about to send it.
const SENDING: Duration = Duration::from_secs(1);

/// A caller that waits for a leader: a thread in [`recv`](Self::recv), a task by awaiting this.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(super) flights: &'static Flights,
    pub(super) digest: Digest,
    pub(super) running: Arc<Running>,
    pub(super) receiver: oneshot::Receiver<FlightResult>,
    pub(super) is_task: bool,
    /// The Tokio runtime of which this caller blocks a worker.
    pub(super) blocks: Option<Id>,
    /// Whether this follower was let go once and follows again.
    pub(super) has_returned: bool,
}

impl Follower {
    /// Blocks the caller's thread until the wait ends. `None` where no leader sent a result.
    pub(crate) fn recv(mut self) -> Option<FlightResult> {
        loop {
            let now = Instant::now();
            let next = self
                .flights
                .look_after(&self.digest, &self.running, now, false);
            match self.receiver.recv_deadline(next.unwrap_or(now + SENDING)) {
                Ok(landing) => {
                    if let Some(landing) = self.begin(landing) {
                        return Some(landing);
                    }
                }
                Err(oneshot::NotReceived::TimedOut) if next.is_some() => {}
                Err(oneshot::NotReceived::TimedOut | oneshot::NotReceived::Lost) => return None,
            }
        }
    }

    /// Takes up the lead, if the result hands it over. `None` where this caller follows again: its leader is run after all.
    fn begin(&mut self, landing: FlightResult) -> Option<FlightResult> {
        let FlightResult::Lead(leader) = landing else {
            return Some(landing);
        };
        let clock = self.is_task.then(Deadlines::get).flatten();
        if self.has_returned || (self.is_task && clock.is_none()) {
            return leader.begin(None);
        }
        let (sender, receiver) = oneshot::channel();
        let mut waiting = Some(Waiting {
            sender,
            is_task: self.is_task,
            blocks: self.blocks,
        });
        let mut is_watched = true;
        let landing = leader.begin(Some(&mut |state| {
            if let Some(waiting) = waiting.take() {
                state.follow_again(waiting, Instant::now());
            }
            if clock.is_some() {
                is_watched = std::mem::replace(&mut state.is_watched, true);
            }
        }));
        if landing.is_none() {
            self.receiver = receiver;
            self.has_returned = true;
            if let Some(clock) = clock.filter(|_| !is_watched) {
                Watch::begin(clock, self.flights, self.digest, &self.running);
            }
        }
        landing
    }
}

impl Future for Follower {
    type Output = Option<FlightResult>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<FlightResult>> {
        loop {
            let Ok(landing) = ready!(Pin::new(&mut self.receiver).poll(context)) else {
                return Poll::Ready(None);
            };
            if let Some(landing) = self.begin(landing) {
                return Poll::Ready(Some(landing));
            }
        }
    }
}
