//! A connection on which many look up at once.
//!
//! What they ask goes out together, in one write, and what comes in is handed out in order. Nothing is allocated for a
//! request but the channel on which its answer comes back.

mod incoming;
mod outgoing;
mod stream;
#[cfg(all(test, unix))]
mod tests;

use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, ErrorKind, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use redis::RedisError;
use tokio::{
    task::{coop::consume_budget, yield_now},
    time::sleep,
};

pub(super) use self::stream::{Stream, connect};
use self::{incoming::Incoming, outgoing::Outgoing};
use super::reply::{Reply, nonsense};

/// The most requests that may be on their way.
const IN_FLIGHT: usize = 8192;

/// A buffer that has grown beyond this is not kept.
const KEEP: usize = 256 * 1024;

/// How much is read at once.
const READ: usize = 16 * 1024;

/// What those who ask and the task that drives the connection share.
#[derive(Debug, Default)]
pub(super) struct Wire {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What is to be written next.
    out: Vec<u8>,
    /// Whom the replies are for, in their order.
    waiting: VecDeque<oneshot::Sender<Reply>>,
    /// The task that drives the connection.
    driver: Option<Waker>,
    /// Whether the driver has found nothing to write, and is to be woken when there is something.
    is_idle: bool,
    /// How often something was asked.
    asked: u64,
    closed: bool,
}

impl State {
    fn set_driver(&mut self, waker: &Waker) {
        if !self
            .driver
            .as_ref()
            .is_some_and(|known| known.will_wake(waker))
        {
            self.driver = Some(waker.clone());
        }
    }
}

/// Makes the two ends of the way of a reply. Who waits at the second learns there if the connection is lost.
pub(super) type Channel<R> = fn() -> (oneshot::Sender<Reply>, R);

impl Wire {
    /// Asks for `key`; `channel` makes the ends that fit the caller. `None` where the connection is lost, or too much is
    /// asked already.
    pub(super) fn get<R>(&self, key: &str, channel: Channel<R>) -> Option<R> {
        self.ask(channel, |out| {
            // Writing to memory can't fail.
            _ = write!(out, "*2\r\n$3\r\nGET\r\n${}\r\n{key}\r\n", key.len());
        })
    }

    /// Asks whether the connection is still good.
    pub(super) fn ping(&self) -> Option<oneshot::AsyncReceiver<Reply>> {
        self.ask(oneshot::async_channel, |out| {
            out.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
        })
    }

    fn ask<R>(&self, channel: Channel<R>, write: impl FnOnce(&mut Vec<u8>)) -> Option<R> {
        let mut state = self.state();
        if state.closed || state.waiting.len() >= IN_FLIGHT {
            return None;
        }
        let (sender, reply) = channel();
        state.asked += 1;
        write(&mut state.out);
        state.waiting.push_back(sender);
        let driver = std::mem::take(&mut state.is_idle).then(|| state.driver.take());
        drop(state);
        if let Some(driver) = driver.flatten() {
            driver.wake();
        }
        Some(reply)
    }

    /// Returns once nothing was asked for so long.
    pub(super) async fn unused_for(&self, time: Duration) {
        let mut before = self.state().asked;
        loop {
            sleep(time).await;
            let state = self.state();
            let is_unused = state.asked == before && state.waiting.is_empty();
            before = state.asked;
            drop(state);
            if is_unused {
                return;
            }
        }
    }

    /// Ends the connection: who waits is told so, and the driver.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.out = Vec::new();
        let driver = state.driver.take();
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Drives the connection for as long as it is good.
    pub(super) async fn drive(&self, stream: &mut Stream) -> Result<(), RedisError> {
        let mut outgoing = Outgoing::default();
        let mut incoming = Incoming::default();
        loop {
            poll_fn(|context| {
                loop {
                    let blocked = self
                        .poll_write(context, stream, &mut outgoing)?
                        .is_pending();
                    let read = incoming.poll_read(context, stream)?;
                    if read.is_ready() || self.falls_asleep(context, blocked)? {
                        return read.map(Ok::<_, RedisError>);
                    }
                }
            })
            .await?;
            let has_many = incoming.replies.len() > 1;
            let others_wait = self.hand_out(&mut incoming)?;
            incoming.more_is_likely = has_many || others_wait;
            if has_many {
                // Those who have been answered ask again, and all of that goes out in one write.
                yield_now().await;
            } else {
                consume_budget().await;
            }
        }
    }

    /// Writes what is asked.
    fn poll_write(
        &self,
        context: &mut Context<'_>,
        stream: &mut Stream,
        outgoing: &mut Outgoing,
    ) -> Poll<io::Result<()>> {
        if outgoing.is_written() {
            outgoing.clear();
            std::mem::swap(&mut self.state().out, &mut outgoing.bytes);
        }
        outgoing.poll_write(context, stream)
    }

    /// Has who asks next wake the driver, unless something is asked already that can be written.
    fn falls_asleep(&self, context: &Context<'_>, blocked: bool) -> io::Result<bool> {
        let mut state = self.state();
        if state.closed {
            return Err(ErrorKind::NotConnected.into());
        }
        state.set_driver(context.waker());
        state.is_idle = !blocked && state.out.is_empty();
        Ok(state.is_idle || blocked)
    }

    /// Tells whether there are others who wait.
    fn hand_out(&self, incoming: &mut Incoming) -> Result<bool, RedisError> {
        let replies = &mut incoming.replies;
        let mut state = self.state();
        if state.waiting.len() < replies.len() {
            // Nobody has asked for that.
            return Err(nonsense());
        }
        incoming.askers.extend(state.waiting.drain(..replies.len()));
        let others_wait = !state.waiting.is_empty();
        drop(state);
        for (asker, reply) in incoming.askers.drain(..).zip(replies.drain(..)) {
            // One who has gone away needs no answer.
            drop(asker.send(reply));
        }
        Ok(others_wait)
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
