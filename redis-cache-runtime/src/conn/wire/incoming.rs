//! The replies and pushes that come in on a wire.

use std::{
    io::{self, ErrorKind},
    pin::pin,
    task::{Context, Poll},
};

use redis::RedisError;
use tokio::io::AsyncReadExt as _;
use tokio_util::either::Either;

use super::{
    super::{
        decoder::{Decoder, Taken},
        reply::Reply,
    },
    READ, Stream,
    pushes::Listener,
    stream::end_of_file,
};

/// After so many replies their callers get them, whatever else there is to read.
const TURN: usize = 1024;

/// The most reads of one turn that the runtime's budget does not count.
const FREE_READS: u32 = 16;

/// The read half of a wire.
#[derive(Debug)]
pub(super) struct Incoming {
    decoder: Decoder,
    listener: Listener,
    pub(super) replies: Vec<Reply>,
    /// Whether other callers wait for replies.
    pub(super) more_is_likely: bool,
}

impl Incoming {
    pub(super) fn new(listener: Listener) -> Self {
        Self {
            decoder: Decoder::default(),
            listener,
            replies: Vec::new(),
            more_is_likely: false,
        }
    }

    /// Whether a part of a reply has come.
    pub(super) fn has_part(&self) -> bool {
        self.decoder.has_part()
    }

    /// Reads until there are replies. The listener gets the pushes on the way.
    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut Stream,
    ) -> Poll<Result<(), RedisError>> {
        let mut next = READ;
        let mut reads = 0;
        loop {
            self.decoder.reserve(next);
            let room = self.decoder.room();
            let is_free = self.more_is_likely && reads < FREE_READS;
            reads += 1;
            let read = match self.poll_read_once(context, stream, is_free)? {
                Poll::Ready(0) => return Poll::Ready(Err(end_of_file())),
                Poll::Ready(read) => read,
                Poll::Pending if self.replies.is_empty() => return Poll::Pending,
                Poll::Pending => return Poll::Ready(Ok(())),
            };
            next = self.take_replies()?.max(READ);
            self.decoder.shrink();
            // A read that did not fill the room has emptied the socket: the kernel need not be asked again.
            let is_drained = read < room && !self.replies.is_empty();
            if is_drained || self.replies.len() >= TURN {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Takes the complete replies. Tells how many bytes to read next.
    fn take_replies(&mut self) -> Result<usize, RedisError> {
        let Self {
            decoder,
            listener,
            replies,
            ..
        } = self;
        loop {
            let taken = decoder.take(|push| {
                if let Some(listener) = listener {
                    listener.hear(push);
                }
            });
            match taken? {
                Taken::Reply(reply) => replies.push(reply),
                Taken::Missing(bytes) => return Ok(bytes),
            }
        }
    }

    fn poll_read_once(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut Stream,
        is_free: bool,
    ) -> Poll<io::Result<usize>> {
        let buffer = &mut self.decoder.buffer;
        if is_free {
            // To the runtime, a socket whose bytes did not fill the room is empty, until it has asked the kernel anew. That
            // spares a lone caller a system call; where many wait, the next replies are there before it asks.
            let read = match &*stream {
                Either::Left(stream) => stream.try_read_buf(buffer),
                Either::Right(stream) => stream.try_read_buf(buffer),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read),
            }
        }
        pin!(stream.read_buf(buffer)).poll(context)
    }
}
