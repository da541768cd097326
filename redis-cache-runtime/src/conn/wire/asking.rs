//! A look-up that waits for its reply.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use super::{super::reply::Reply, Wire, state::Ticket};
use crate::process::oneshot;

/// A task's wait for a reply; `None` where the connection is lost.
#[derive(Debug)]
pub(in crate::conn) struct Asking<'w> {
    wire: &'w Wire,
    /// `None` once the reply has come.
    reply: Option<oneshot::Receiver<Reply>>,
    /// As long as no other caller has come, the task writes and reads by itself.
    alone: Option<Ticket>,
    /// Whether the task that reads by itself has given its request to the socket.
    is_sent: bool,
}

impl<'w> Asking<'w> {
    pub(super) const fn new(
        wire: &'w Wire,
        reply: oneshot::Receiver<Reply>,
        alone: Option<Ticket>,
    ) -> Self {
        Self {
            wire,
            reply: Some(reply),
            alone,
            is_sent: false,
        }
    }
}

impl Future for Asking<'_> {
    type Output = Option<Reply>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Reply>> {
        let this = &mut *self;
        if let Some(ticket) = this.alone
            && let Poll::Ready(own) = this.wire.poll_alone(context, ticket, &mut this.is_sent)
        {
            this.alone = None;
            if let Some((asker, reply)) = own {
                // In this order no task is woken.
                this.reply = None;
                drop(asker);
                return Poll::Ready(Some(reply));
            }
        }
        // Another caller may come at any time; from then on the reply comes through the channel.
        match &mut this.reply {
            Some(reply) => Pin::new(reply).poll(context).map(Result::ok),
            None => Poll::Ready(None),
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.alone {
            // The driver has to read the reply.
            self.wire.give_up(ticket);
        }
    }
}
