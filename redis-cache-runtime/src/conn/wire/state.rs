//! What is asked on a wire, and by whom.

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

/// A reply that its caller has read itself, and the way on which it would have come.
pub(super) type Own = (oneshot::Sender<Reply>, Reply);

/// One that was asked, as the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

#[derive(Debug, Default)]
pub(super) struct State {
    /// What is to be written next.
    out: Vec<u8>,
    /// Whom the replies are for, in their order.
    waiting: VecDeque<Asker>,
    /// How many replies they wait for.
    awaited: usize,
    /// The task that drives the connection.
    driver: Option<Waker>,
    /// Whether the driver has found nothing to write, and is to be woken when there is something.
    is_idle: bool,
    /// Who reads the reply without the driver.
    alone: Option<Ticket>,
    /// Whether such a one was the last to read.
    is_unwatched: bool,
    /// How many requests there were.
    asked: u64,
    is_closed: bool,
}

impl State {
    /// Asks for `key`. `None` where the connection is lost, or too much is asked already.
    pub(super) fn ask_get(&mut self, key: &str, sender: oneshot::Sender<Reply>) -> Option<()> {
        self.ask(Asker::One(sender))?;
        let mut digits = itoa::Buffer::new();
        let len = digits.format(key.len());
        for part in ["*2\r\n$3\r\nGET\r\n$", len, "\r\n", key, "\r\n"] {
            self.out.extend_from_slice(part.as_bytes());
        }
        Some(())
    }

    /// Sends packed commands, to which there are as many replies as the asker waits for; `None` as above.
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

    /// Whether who asks next is the only one, and the driver sleeps.
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

    /// Leaves what was asked last to who has asked it.
    pub(super) const fn leave_alone(&mut self) -> Ticket {
        let ticket = Ticket(self.asked);
        self.alone = Some(ticket);
        self.is_unwatched = true;
        ticket
    }

    /// Whether it is still left to who has asked it.
    pub(super) fn is_alone(&self, ticket: Ticket) -> bool {
        self.alone == Some(ticket)
    }

    /// From here on the driver reads and writes, until it sleeps. Tells whether it was asleep.
    pub(super) const fn take_over(&mut self) -> bool {
        self.alone = None;
        self.is_unwatched = false;
        std::mem::replace(&mut self.is_idle, false)
    }

    /// Leaves all to the driver; who is to be woken, if it sleeps.
    #[must_use]
    pub(super) fn call_driver(&mut self) -> Option<Waker> {
        self.take_over().then(|| self.driver.take()).flatten()
    }

    /// Whether nobody would notice the end of the connection: who asked alone was the last to read.
    pub(super) fn is_unwatched(&self) -> bool {
        self.is_unwatched && self.waiting.is_empty()
    }

    /// Exchanges what is to be written for an empty buffer.
    pub(super) const fn take_requests(&mut self, buffer: &mut Vec<u8>) {
        std::mem::swap(&mut self.out, buffer);
    }

    /// Has who asks next wake the driver, unless something is asked already that can be written.
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

    /// Tells whose requests have been answered with these replies, and whether there are others who wait.
    pub(super) fn hand_out(
        &mut self,
        replies: &mut Vec<Reply>,
        answers: &mut Vec<Answer>,
    ) -> Result<bool, RedisError> {
        if self.awaited < replies.len() {
            // Nobody has asked for that.
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

    /// Takes the reply to what was asked alone. What follows it is for those who have asked since.
    pub(super) fn take_own(&mut self, replies: &mut Vec<Reply>) -> Result<Own, RedisError> {
        if self.awaited < replies.len() {
            // Nobody has asked for that.
            return Err(nonsense());
        }
        self.alone = None;
        self.awaited -= 1;
        match self.waiting.pop_front() {
            Some(Asker::One(sender)) => Ok((sender, replies.remove(0))),
            Some(Asker::Several(_)) | None => Err(nonsense()),
        }
    }

    /// Nothing can be asked any more. Who has waited, and the driver.
    pub(super) fn close(&mut self) -> (VecDeque<Asker>, Option<Waker>) {
        self.is_closed = true;
        self.alone = None;
        self.out = Vec::new();
        self.awaited = 0;
        (std::mem::take(&mut self.waiting), self.driver.take())
    }
}
