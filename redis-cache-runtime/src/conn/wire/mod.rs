//! A connection that many callers share.
//!
//! Their requests go out together, in one write, and the replies are handed out in order. For a look-up nothing is allocated but the
//! channel for its answer. One task, the driver, writes and reads; only a caller that is alone writes and reads by itself, so that
//! no other task has to be woken on the way.
//!
//! A request is a number of packed commands; its replies, one for each, are handed over together. A request ends in one of these ways:
//! all its replies come, errors included; its caller goes away, and its replies are dropped as they come; or the connection is lost, or
//! sends more replies than there were commands, and all callers that wait are told so. Pushes of the server are no replies: a
//! [listener](Pushes) gets them.
//!
//! The client library's connection could be in its place, and costs more. Against it, in the same run, this one gives 1.13 times
//! the hits a second for one task, 1.34 times for 4 and 1.28 times for 64, with 0.85, 0.67 and 0.69 of the processor time; and
//! 1.06, 1.13 and 1.13 times the misses, whose stores go through the library's either way (medians of 25 rounds of
//! `cargo xtask bench`, on two cores).

mod asker;
mod asking;
mod incoming;
mod outgoing;
mod pushes;
mod socket;
mod state;
mod stream;
#[cfg(all(test, unix))]
mod tests;

use std::{
    future::poll_fn,
    io::{self, ErrorKind},
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use redis::{ConnectionInfo, RedisError};
use tokio::{
    task::{coop::consume_budget, yield_now},
    time::sleep,
};

use self::{
    asker::{Answer, Asker},
    asking::Asking,
    pushes::Listener,
    socket::Socket,
    state::{Own, State, Ticket},
    stream::Stream,
};
use super::{
    decoder::KEEP,
    greeting::Greeting,
    reply::{Reply, nonsense},
};
use crate::process::oneshot;

/// The least room for one read, in bytes.
const READ: usize = 16 * 1024;

/// The part of a connection that callers and the driver share.
#[derive(Debug)]
pub(super) struct Wire {
    state: Mutex<State>,
    /// `None` once it is closed. Locked before the state, and for one poll at most.
    socket: Mutex<Option<Socket>>,
    /// Whether there is a listener. Then the driver always reads: pushes come also while there are no requests.
    is_listening: bool,
}

/// Connects, and sends the greeting of connections for look-ups.
pub(super) async fn open(server: &ConnectionInfo) -> Result<Wire, RedisError> {
    let wire = Wire::new(stream::connect(server.addr()).await?, None);
    wire.greet(&Greeting::of(server)).await?;
    Ok(wire)
}

impl Wire {
    /// A wire through `stream`, which a task has to [drive](Self::drive). Without a listener pushes are dropped.
    fn new(stream: Stream, listener: Listener) -> Self {
        Self {
            state: Mutex::default(),
            is_listening: listener.is_some(),
            socket: Mutex::new(Some(Socket::new(stream, listener))),
        }
    }

    /// Sends the greeting, and drives the connection until all replies to it have come.
    async fn greet(&self, greeting: &Greeting) -> Result<(), RedisError> {
        let answered = self
            .request(&greeting.packed(), greeting.len())
            .ok_or_else(not_connected)?;
        tokio::select! {
            biased;
            answers = answered => greeting.check(answers.map_err(|_lost| not_connected())?),
            lost = self.drive() => lost,
        }
    }

    /// Looks `key` up. `None` where the connection is lost, or too many requests wait for replies.
    pub(super) fn get(&self, key: &str) -> Option<Asking<'_>> {
        let (sender, reply) = oneshot::channel();
        let mut state = self.state();
        let is_alone = state.is_quiet() && !self.is_listening;
        state.ask_get(key, sender)?;
        let ticket = is_alone.then(|| state.leave_alone());
        if ticket.is_none() {
            Self::call_driver(state);
        }
        Some(Asking::new(self, reply, ticket))
    }

    /// Looks `key` up for a thread that blocks.
    pub(super) fn get_blocking(&self, key: &str) -> Option<oneshot::Receiver<Reply>> {
        let (sender, reply) = oneshot::channel();
        let mut state = self.state();
        state.ask_get(key, sender)?;
        Self::call_driver(state);
        Some(reply)
    }

    /// Sends packed commands, to which `replies` replies come. `None` where the connection is lost, where too many requests wait for
    /// replies, and for no commands.
    pub(super) fn request(
        &self,
        packed: &[u8],
        replies: usize,
    ) -> Option<oneshot::Receiver<Vec<Reply>>> {
        if replies == 0 {
            return None;
        }
        let (asker, answer) = Asker::several(replies);
        let mut state = self.state();
        state.ask_packed(packed, asker)?;
        Self::call_driver(state);
        Some(answer)
    }

    /// Asks whether the connection is still good.
    pub(super) fn ping(&self) -> Option<oneshot::Receiver<Vec<Reply>>> {
        self.request(b"*1\r\n$4\r\nPING\r\n", 1)
    }

    /// Returns once there was no request for that time.
    pub(super) async fn unused_for(&self, time: Duration) {
        let mut before = self.state().asked();
        loop {
            sleep(time).await;
            let state = self.state();
            let is_unused = state.asked() == before && !state.has_waiting();
            before = state.asked();
            drop(state);
            if is_unused {
                return;
            }
        }
    }

    /// Ends the connection. The callers that wait, and the driver, are told.
    pub(super) fn close(&self) {
        let (waiting, driver) = self.state().close();
        drop(waiting);
        if let Some(driver) = driver {
            driver.wake();
        }
        let socket = self.socket().take();
        drop(socket);
    }

    /// Drives the connection until it is lost.
    pub(super) async fn drive(&self) -> Result<(), RedisError> {
        let mut answers = Vec::new();
        loop {
            poll_fn(|context| self.poll_answers(context, &mut answers)).await?;
            let has_many = answers.len() > 1;
            answers.drain(..).for_each(Answer::hand_over);
            if has_many {
                // The callers that got replies send their next requests, and these go out in one write.
                yield_now().await;
            } else {
                consume_budget().await;
            }
        }
    }

    /// Writes the requests, and reads until there are replies.
    fn poll_answers(
        &self,
        context: &mut Context<'_>,
        answers: &mut Vec<Answer>,
    ) -> Poll<Result<(), RedisError>> {
        let mut socket = self.socket();
        let Some(socket) = socket.as_mut() else {
            return Poll::Ready(Err(not_connected()));
        };
        self.state().take_over();
        loop {
            let is_blocked = self.poll_write(context, socket)?.is_pending();
            if socket.poll_read(context)?.is_ready() {
                let others_wait = self.state().hand_out(socket.replies(), answers)?;
                socket.expect_more(answers.len() > 1 || others_wait);
                return Poll::Ready(Ok(()));
            }
            if self.state().falls_asleep(context, is_blocked)? {
                return Poll::Pending;
            }
        }
    }

    /// Writes the request of the only caller, and reads its reply. `None` where other callers have come since, or the connection is
    /// lost: then the driver hands the reply over, if it comes.
    fn poll_alone(
        &self,
        context: &mut Context<'_>,
        ticket: Ticket,
        is_sent: &mut bool,
    ) -> Poll<Option<Own>> {
        let polled = {
            let mut socket = self.socket();
            let Some(socket) = socket.as_mut() else {
                return Poll::Ready(None);
            };
            if !self.state().is_alone(ticket) {
                return Poll::Ready(None);
            }
            self.poll_reply(context, socket, is_sent)
        };
        let answer = ready!(polled);
        if answer.is_err() {
            self.close();
        }
        Poll::Ready(answer.ok())
    }

    fn poll_reply(
        &self,
        context: &mut Context<'_>,
        socket: &mut Socket,
        is_sent: &mut bool,
    ) -> Poll<Result<Own, RedisError>> {
        if !std::mem::replace(is_sent, true) {
            socket.expect_more(false);
            let read = socket.poll_read(context)?;
            if read.is_ready() || socket.has_part() {
                // A reply without a request.
                return Poll::Ready(Err(nonsense()));
            }
            // The read above has registered this task, so the reply wakes it.
            _ = self.poll_write(context, socket)?;
            return Poll::Pending;
        }
        _ = self.poll_write(context, socket)?;
        ready!(socket.poll_read(context))?;
        if !socket.is_written() {
            // A reply before the request has gone out.
            return Poll::Ready(Err(nonsense()));
        }
        Poll::Ready(self.state().take_own(socket.replies()))
    }

    /// Writes the requests.
    fn poll_write(&self, context: &mut Context<'_>, socket: &mut Socket) -> Poll<io::Result<()>> {
        socket.poll_write(context, |buffer| self.state().take_requests(buffer))
    }

    /// Has the driver read where no caller would notice that the connection has ended.
    pub(super) fn watch(&self) {
        let state = self.state();
        if state.is_unwatched() {
            Self::call_driver(state);
        }
    }

    /// Leaves the request of a caller that was alone to the driver.
    fn give_up(&self, ticket: Ticket) {
        let state = self.state();
        if state.is_alone(ticket) {
            Self::call_driver(state);
        }
    }

    fn call_driver(mut state: MutexGuard<'_, State>) {
        let driver = state.call_driver();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // Nor under this one.
    fn socket(&self) -> MutexGuard<'_, Option<Socket>> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_connected() -> RedisError {
    io::Error::from(ErrorKind::NotConnected).into()
}
