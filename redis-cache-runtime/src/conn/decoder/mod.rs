//! Cuts replies and pushes out of the bytes that were read from a connection; the client library parses what is in them.

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

/// The longest value that Redis holds, in bytes.
const LONGEST: usize = 512 * 1024 * 1024;

/// The longest reply: such a value, and the line before it.
const LONGEST_REPLY: usize = LONGEST + 1024;

/// The memory of replies of so many bytes or more is [used again](Recycled).
const LONG: usize = 32 * 1024;

/// How many bytes to read where the length of the reply is not known yet.
const CHUNK: usize = 4096;

/// The most bytes that are reserved for a length that is only announced.
pub(super) const AHEAD: usize = 1024 * 1024;

/// With so much room nothing is reserved.
const ROOM: usize = 16 * 1024;

/// A buffer that has grown beyond this is not kept.
pub(super) const KEEP: usize = 1024 * 1024 + 1024;

/// The bytes of one connection that have been read, and not taken yet.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The connection reads to the end of it.
    pub(super) buffer: BytesMut,
    /// How far the first frame of the buffer is known.
    extent: Extent,
    recycled: Recycled,
}

/// The beginning of the buffer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Reply(Reply),
    /// A reply that is not complete: so many bytes are to be read next.
    Missing(usize),
}

/// Why the connection is of no more use: where the next reply begins can't be known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The bytes are no replies.
    Nonsense,
    /// A frame is longer than allowed.
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
    /// Cuts the first reply out of the buffer, and the pushes before it, which `hear` gets in the bytes of the protocol.
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

    /// Reserves `missing` bytes, unless there is room enough.
    pub(super) fn reserve(&mut self, missing: usize) {
        if self.room() < missing.min(ROOM) {
            self.buffer.reserve(missing);
        }
    }

    /// How many bytes the buffer has room for.
    pub(super) fn room(&self) -> usize {
        self.buffer.capacity() - self.buffer.len()
    }

    /// Whether the buffer begins with a part of a reply.
    pub(super) fn has_part(&self) -> bool {
        !self.buffer.is_empty() && !self.begins_with_push()
    }

    /// Frees the buffer where it is empty and larger than [`KEEP`].
    pub(super) fn shrink(&mut self) {
        if self.buffer.is_empty() && self.buffer.capacity() > KEEP {
            self.buffer = BytesMut::new();
        }
    }

    fn begins_with_push(&self) -> bool {
        self.buffer.first() == Some(&b'>')
    }

    /// Cuts out the reply that ends at `end`, and whose first line ends at `line`.
    fn cut_reply(&mut self, line: usize, end: usize) -> Reply {
        match self.buffer[0] {
            // The value is followed by CR and LF.
            b'$' if line < end => Reply::Value(self.cut(line..end - 2, end)),
            b'$' | b'_' => {
                self.buffer.advance(end);
                Reply::Nil
            }
            _ if line == end => Reply::Line(self.cut(0..end, end)),
            _ => Reply::Compound(self.cut(0..end, end)),
        }
    }

    /// Removes the first `end` bytes, and gives back a copy of those in `range`. A copy leaves the buffer unshared, so that further
    /// reads need no new one.
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
