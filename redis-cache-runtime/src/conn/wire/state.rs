//! The requests on a wire, and their callers.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind},
    task::{Context, Waker},
};

use redis::RedisError;

use super::{
    super::reply::{Reply, nonsense},
    asker::{Answer, Asker},
};
use crate::{limits::WIRE_LOOKUPS, process::oneshot};

/// A reply that its caller has read itself, and the channel for it, which it does not need any more.
pub(super) type Own = (oneshot::Sender<Reply>, Reply);

/// The request of a caller that is alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

#[derive(Debug, Default)]
pub(super) struct State {
    /// The requests that are to be written next.
    out: Vec<u8>,
    /// The callers that wait, in the order of their requests.
    waiting: VecDeque<Asker>,
    /// How many replies they wait for.
    awaited: usize,
    /// The task that drives the connection.
    driver: Option<Waker>,
    /// Whether the driver has found nothing to write, and is to be woken by the next request.
    is_idle: bool,
    /// The request whose caller writes and reads without the driver.
    alone: Option<Ticket>,
    /// Whether the last to read was a caller that was alone, not the driver.
    is_unwatched: bool,
    /// How many requests there were.
    asked: u64,
    is_closed: bool,
}

impl State {
    /// Queues a look-up of `key`. `None` where the connection is lost, or too many replies are awaited.
    pub(super) fn ask_get(&mut self, key: &str, sender: oneshot::Sender<Reply>) -> Option<()> {
        self.ask(Asker::One(sender))?;
        let mut digits = itoa::Buffer::new();
        let len = digits.format(key.len());
        for part in ["*2\r\n$3\r\nGET\r\n$", len, "\r\n", key, "\r\n"] {
            self.out.extend_from_slice(part.as_bytes());
        }
        Some(())
    }

    /// Queues packed commands, to which as many replies come as the asker waits for; `None` as above.
    pub(super) fn ask_packed(&mut self, packed: &[u8], asker: Asker) -> Option<()> {
        self.ask(asker)?;
        self.out.extend_from_slice(packed);
        Some(())
    }

    fn ask(&mut self, asker: Asker) -> Option<()> {
        let awaited = self.awaited.checked_add(asker.missing())?;
        if self.is_closed || awaited > WIRE_LOOKUPS {
            return None;
        }
        self.awaited = awaited;
        self.asked += 1;
        self.waiting.push_back(asker);
        Some(())
    }

    /// How many requests there were.
    pub(super) const fn asked(&self) -> u64 {
        self.asked
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether no caller waits, and the driver sleeps.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_idle && self.waiting.is_empty()
    }

    #[cfg(test)]
    pub(super) const fn awaited(&self) -> usize {
        self.awaited
    }

    #[cfg(test)]
    pub(super) const fn is_asleep(&self) -> bool {
        self.is_idle
    }

    /// Leaves the latest request to its caller, to write it and to read its reply.
    pub(super) const fn leave_alone(&mut self) -> Ticket {
        let ticket = Ticket(self.asked);
        self.alone = Some(ticket);
        self.is_unwatched = true;
        ticket
    }

    /// Whether that request is still left to its caller.
    pub(super) fn is_alone(&self, ticket: Ticket) -> bool {
        self.alone == Some(ticket)
    }

    /// From here on the driver writes and reads, until it sleeps. Tells whether it was asleep.
    pub(super) const fn take_over(&mut self) -> bool {
        self.alone = None;
        self.is_unwatched = false;
        std::mem::replace(&mut self.is_idle, false)
    }

    /// Leaves all requests to the driver; the waker, if it sleeps.
    #[must_use]
    pub(super) fn call_driver(&mut self) -> Option<Waker> {
        self.take_over().then(|| self.driver.take()).flatten()
    }

    /// Whether the end of the connection would go unnoticed: no caller waits, and the last to read was one that was alone.
    pub(super) fn is_unwatched(&self) -> bool {
        self.is_unwatched && self.waiting.is_empty()
    }

    /// Exchanges the queued requests for an empty buffer.
    pub(super) const fn take_requests(&mut self, buffer: &mut Vec<u8>) {
        std::mem::swap(&mut self.out, buffer);
    }

    /// Has the next request wake the driver, unless there are requests already that can be written.
    pub(super) fn falls_asleep(
        &mut self,
        context: &Context<'_>,
        is_blocked: bool,
    ) -> io::Result<bool> {
        if self.is_closed {
            return Err(ErrorKind::NotConnected.into());
        }
        let waker = context.waker();
        if !self
            .driver
            .as_ref()
            .is_some_and(|known| known.will_wake(waker))
        {
            self.driver = Some(waker.clone());
        }
        self.is_idle = !is_blocked && self.out.is_empty();
        Ok(self.is_idle || is_blocked)
    }

    /// Adds replies to the requests that wait for them. Puts those that are complete into `answers`, and tells whether others wait.
    pub(super) fn hand_out(
        &mut self,
        replies: &mut Vec<Reply>,
        answers: &mut Vec<Answer>,
    ) -> Result<bool, RedisError> {
        if self.awaited < replies.len() {
            // A reply without a request.
            return Err(nonsense());
        }
        self.awaited -= replies.len();
        for reply in replies.drain(..) {
            let asker = self.waiting.pop_front().ok_or_else(nonsense)?;
            match asker.give(reply) {
                Ok(answer) => answers.push(answer),
                Err(asker) => self.waiting.push_front(asker),
            }
        }
        Ok(self.has_waiting())
    }

    /// Takes the reply to the request of the caller that was alone.
    pub(super) fn take_own(&mut self, replies: &mut Vec<Reply>) -> Result<Own, RedisError> {
        if self.awaited < replies.len() {
            // A reply without a request.
            return Err(nonsense());
        }
        self.alone = None;
        self.awaited -= 1;
        match self.waiting.pop_front() {
            Some(Asker::One(sender)) => Ok((sender, replies.remove(0))),
            Some(Asker::Several(_)) | None => Err(nonsense()),
        }
    }

    /// Ends all requests, and refuses further ones. Gives back the callers that waited, and the driver's waker.
    pub(super) fn close(&mut self) -> (VecDeque<Asker>, Option<Waker>) {
        self.is_closed = true;
        self.alone = None;
        self.out = Vec::new();
        self.awaited = 0;
        (std::mem::take(&mut self.waiting), self.driver.take())
    }
}
