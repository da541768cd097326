//! Replies; the client library parses what is in them.

use bytes::Bytes;
use redis::{RedisError, Value};

use super::lookup::{Answered, interpret};
use crate::outcome::Lookup;

/// One reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Value(Bytes),
    Nil,
    /// Any other reply of one line, errors included.
    Line(Bytes),
    /// Any other reply, as it came.
    Compound(Bytes),
}

impl Reply {
    /// The reply as the answer to a look-up.
    pub(super) fn answer(self) -> Answered {
        match self {
            Self::Value(value) => Ok(Lookup::Found(value)),
            Self::Nil => Ok(Lookup::Absent),
            Self::Line(frame) | Self::Compound(frame) => {
                interpret(redis::parse_redis_value(&frame))
            }
        }
    }

    /// Whether this is the reply to a `PING`. An error counts as well: the server is there.
    pub(super) fn is_pong(&self) -> bool {
        matches!(self, Self::Line(line) if line.starts_with(b"+PONG") || line.starts_with(b"-"))
    }

    /// Whether a question that only asks whether somebody is there has been answered. A user who may not ask it is told so,
    /// and is there.
    pub(super) fn admits(self) -> Result<(), RedisError> {
        match self.obeyed() {
            Err(error) if error.code() == Some("NOPERM") => Ok(()),
            obeyed => obeyed,
        }
    }

    /// Whether a command without a result has succeeded.
    pub(super) fn obeyed(self) -> Result<(), RedisError> {
        match self {
            Self::Line(line) => match redis::parse_redis_value(&line)? {
                Value::ServerError(error) => Err(error.into()),
                _ => Ok(()),
            },
            Self::Value(_) | Self::Nil | Self::Compound(_) => Err(nonsense()),
        }
    }
}

/// Says that what came is not a reply.
pub(super) fn nonsense() -> RedisError {
    std::io::Error::new(
        std::io::ErrorKind::InvalidData,
        "not a reply to what was asked",
    )
    .into()
}
