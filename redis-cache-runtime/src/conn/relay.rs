//! Look-ups and commands over the background thread's connection.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{Cmd, RedisError, Value};
use tokio::time::{timeout, timeout_at};

use super::{
    IoThread,
    deadlines::{self, Deadlines},
    lookup::{Answered, interpret},
    question::Question,
    supervisor::ConnectionSupervisor,
};
use crate::{
    limits::BACKGROUND_LOOKUPS,
    outcome::{Failure, Lookup},
    process::oneshot,
};

/// Hands callers' look-ups to the background thread, which sends them over its own connection.
#[derive(Debug)]
pub(super) struct Relay {
    supervisor: Arc<ConnectionSupervisor>,
    in_flight: AtomicUsize,
}

impl Relay {
    pub(super) const fn new(supervisor: Arc<ConnectionSupervisor>) -> Self {
        Self {
            supervisor,
            in_flight: AtomicUsize::new(0),
        }
    }

    /// Has the background thread send a look-up, and blocks the caller's thread until the answer, or `deadline`.
    pub(super) fn lookup_blocking(
        self: &Arc<Self>,
        question: Question,
        deadline: Instant,
    ) -> Answered {
        match self.submit(question, deadline) {
            Some(answer) => answer
                .recv_deadline(deadline)
                .unwrap_or(Ok(Lookup::Failed(Failure::TimedOut))),
            None => Ok(Lookup::Failed(Failure::Unavailable)),
        }
    }

    /// Has the background thread send a look-up, which the caller's task awaits until `deadline` at most.
    pub(super) fn lookup(
        self: &Arc<Self>,
        question: Question,
        deadline: Instant,
    ) -> impl Future<Output = Answered> + use<> {
        let asked = self.submit(question, deadline);
        async move {
            let (Some(answer), Some(clock)) = (asked, Deadlines::get()) else {
                return Ok(Lookup::Failed(Failure::Unavailable));
            };
            match deadlines::until(clock, deadline, pin!(answer)).await {
                Some(Ok(answered)) => answered,
                Some(Err(_)) => Ok(Lookup::Failed(Failure::Broken)),
                None => Ok(Lookup::Failed(Failure::TimedOut)),
            }
        }
    }

    /// Spawns a look-up, which ends by `deadline`, on the background thread. `None` without that thread, or at its bound.
    fn submit(
        self: &Arc<Self>,
        question: Question,
        deadline: Instant,
    ) -> Option<oneshot::Receiver<Answered>> {
        let thread = IoThread::get()?;
        let place = Place::take(self)?;
        let (sender, receiver) = oneshot::channel();
        thread.spawn(async move {
            let answered = place.0.ask(&question, deadline).await;
            drop(place);
            drop(sender.send(answered));
        });
        Some(receiver)
    }

    /// Sends a look-up over the connection and reads the answer; runs on the background thread.
    async fn ask(&self, question: &Question, deadline: Instant) -> Answered {
        let asked = timeout_at(deadline.into(), async {
            let Some(mut connection) = self.supervisor.connection().await else {
                return Ok(Lookup::Failed(Failure::Unavailable));
            };
            interpret(question.put(&mut connection).await)
        });
        let answered = asked.await.unwrap_or(Ok(Lookup::Failed(Failure::TimedOut)));
        if matches!(answered, Ok(Lookup::Failed(Failure::TimedOut))) {
            self.supervisor.request_ping();
        }
        answered
    }

    /// Sends a command that is no look-up, and awaits the answer for `budget` at most. `None` where there is no connection.
    pub(super) async fn command(
        &self,
        command: &Cmd,
        budget: Duration,
    ) -> Option<Result<Value, RedisError>> {
        let asked = timeout(budget, async {
            let mut connection = self.supervisor.connection().await?;
            Some(connection.send_packed_command(command).await)
        });
        if let Ok(answer) = asked.await {
            return answer;
        }
        self.supervisor.request_ping();
        Some(Err(
            std::io::Error::from(std::io::ErrorKind::TimedOut).into()
        ))
    }
}

/// One of the [`BACKGROUND_LOOKUPS`] places of look-ups in flight, freed when this is dropped.
struct Place(Arc<Relay>);

impl Place {
    fn take(relay: &Arc<Relay>) -> Option<Self> {
        // Counted before the comparison: dropping the place uncounts it either way.
        let taken = relay.in_flight.fetch_add(1, Ordering::Relaxed);
        let place = Self(Arc::clone(relay));
        (taken < BACKGROUND_LOOKUPS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
