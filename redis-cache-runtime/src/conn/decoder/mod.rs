//! Replies and pushes, cut out of what has been read of a connection, and left to the client library to understand.

mod extent;
mod recycled;
#[cfg(test)]
mod tests;

use std::{io, ops::Range};

use bytes::{Buf as _, Bytes, BytesMut};
use redis::RedisError;

use self::{
    extent::{Extent, Looked},
    recycled::Recycled,
};
use super::reply::{Reply, nonsense};
use crate::limits::PUSH_BYTES;

/// The longest value that Redis holds.
const LONGEST: usize = 512 * 1024 * 1024;

/// The longest reply: such a value, and the line before it.
const LONGEST_REPLY: usize = LONGEST + 1024;

/// From so many bytes on the memory of a reply is used again.
const LONG: usize = 32 * 1024;

/// How much is read at once where nothing is known of what comes.
const CHUNK: usize = 4096;

/// The most room that is made for bytes which are only announced.
pub(super) const AHEAD: usize = 1024 * 1024;

/// As long as there is room for so much, none is made.
const ROOM: usize = 16 * 1024;

/// A buffer that has grown beyond this is not kept.
pub(super) const KEEP: usize = 1024 * 1024 + 1024;

/// What has been read of one connection and not been taken yet.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// Whoever reads appends to it.
    pub(super) buffer: BytesMut,
    /// Of the frame that the buffer begins with.
    extent: Extent,
    recycled: Recycled,
}

/// What there is at the front of the buffer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Reply(Reply),
    /// It is not all there: so many bytes are to be read next.
    Missing(usize),
}

/// Why nothing more can be taken: nobody knows where the next reply begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// These are not replies.
    Nonsense,
    /// A frame is longer than any may be.
    TooLong,
}

impl From<Broken> for RedisError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Nonsense => nonsense(),
            Broken::TooLong => {
                let message = "a reply or a push is longer than any may be";
                io::Error::new(io::ErrorKind::InvalidData, message).into()
            }
        }
    }
}

impl Decoder {
    /// Cuts the first reply out of the buffer. Pushes that came before it are cut out as well, and heard by `hear`, each as it came.
    pub(super) fn take(&mut self, mut hear: impl FnMut(&[u8])) -> Result<Taken, Broken> {
        loop {
            let is_push = self.begins_with_push();
            let longest = if is_push { PUSH_BYTES } else { LONGEST_REPLY };
            let (line, end) = match self.extent.look(&self.buffer, longest)? {
                Looked::Whole { line, end } => (line, end),
                Looked::Missing(bytes) => return Ok(Taken::Missing(bytes.min(AHEAD))),
            };
            self.extent = Extent::default();
            if !is_push {
                return Ok(Taken::Reply(self.cut_reply(line, end)));
            }
            hear(&self.buffer[..end]);
            self.buffer.advance(end);
        }
    }

    /// Makes room for so many bytes, if what there is has been filled.
    pub(super) fn reserve(&mut self, missing: usize) {
        if self.room() < missing.min(ROOM) {
            self.buffer.reserve(missing);
        }
    }

    /// How many bytes the buffer has room for.
    pub(super) fn room(&self) -> usize {
        self.buffer.capacity() - self.buffer.len()
    }

    /// Whether a part of a reply has come.
    pub(super) fn has_part(&self) -> bool {
        !self.buffer.is_empty() && !self.begins_with_push()
    }

    /// Gives the buffer up where it is empty, and larger than any that is kept.
    pub(super) fn shrink(&mut self) {
        if self.buffer.is_empty() && self.buffer.capacity() > KEEP {
            self.buffer = BytesMut::new();
        }
    }

    fn begins_with_push(&self) -> bool {
        self.buffer.first() == Some(&b'>')
    }

    /// Cuts out the reply that ends at `end`; its first line does at `line`.
    fn cut_reply(&mut self, line: usize, end: usize) -> Reply {
        match self.buffer[0] {
            // A value is followed by the end of a line.
            b'$' if line < end => Reply::Value(self.cut(line..end - 2, end)),
            b'$' | b'_' => {
                self.buffer.advance(end);
                Reply::Nil
            }
            _ if line == end => Reply::Line(self.cut(0..end, end)),
            _ => Reply::Compound(self.cut(0..end, end)),
        }
    }

    /// Cuts the first `end` bytes out, and gives a copy of those of them in `range`. The buffer is nobody else's, so it is not made
    /// anew.
    fn cut(&mut self, range: Range<usize>, end: usize) -> Bytes {
        let reply = &self.buffer[range];
        let copy = if reply.len() < LONG {
            Bytes::copy_from_slice(reply)
        } else {
            self.recycled.copy(reply)
        };
        self.buffer.advance(end);
        copy
    }
}
