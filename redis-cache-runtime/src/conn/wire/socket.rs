//! A socket with its two buffers.

use std::{
    io,
    task::{Context, Poll},
};

use redis::RedisError;

use super::{
    super::reply::Reply, Stream, incoming::Incoming, outgoing::Outgoing, pushes::Listener,
};

#[derive(Debug)]
pub(super) struct Socket {
    stream: Stream,
    outgoing: Outgoing,
    incoming: Incoming,
}

impl Socket {
    pub(super) fn new(stream: Stream, listener: Listener) -> Self {
        Self {
            stream,
            outgoing: Outgoing::default(),
            incoming: Incoming::new(listener),
        }
    }

    /// Writes the rest of the buffer, or else what `next` puts into the empty one.
    pub(super) fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        next: impl FnOnce(&mut Vec<u8>),
    ) -> Poll<io::Result<()>> {
        let outgoing = &mut self.outgoing;
        if outgoing.is_written() {
            outgoing.clear();
            next(&mut outgoing.bytes);
        }
        outgoing.poll_write(context, &mut self.stream)
    }

    /// Reads until there are replies.
    pub(super) fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<(), RedisError>> {
        self.incoming.poll_read(context, &mut self.stream)
    }

    /// The replies that have not been handed out.
    pub(super) const fn replies(&mut self) -> &mut Vec<Reply> {
        &mut self.incoming.replies
    }

    /// Whether the buffer has been written.
    pub(super) fn is_written(&self) -> bool {
        self.outgoing.is_written()
    }

    /// Whether a part of a reply has come.
    pub(super) fn has_part(&self) -> bool {
        self.incoming.has_part()
    }

    /// Says whether other callers wait for replies.
    pub(super) const fn expect_more(&mut self, more_is_likely: bool) {
        self.incoming.more_is_likely = more_is_likely;
    }
}
