//! What a look-up finds.

use bytes::Bytes;
use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use super::Redirect;

/// The answer to one `GET`.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// Something stands there; whether it is a value is for the envelope to say.
    Found(Bytes),
    Absent,
    /// The key holds another type than a string.
    WrongType,
    Failed(Failure),
}

/// Why Redis could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no connection.
    Unavailable,
    /// The budget is used up.
    TimedOut,
    /// Redis answered with an error.
    Refused,
    /// The connection broke, or said what can't be understood.
    Broken,
}

/// What one server says; an error is another server of its cluster, to be asked instead.
pub(super) type Answered = Result<Lookup, Redirect>;

/// Reads the answer to a `GET`.
pub(super) fn interpret(reply: Result<Value, RedisError>) -> Answered {
    let error = match reply {
        Ok(Value::BulkString(bytes)) => return Ok(Lookup::Found(bytes.into())),
        Ok(Value::Nil) => return Ok(Lookup::Absent),
        Ok(Value::ServerError(error)) => error.into(),
        Ok(_) => return Ok(Lookup::Failed(Failure::Broken)),
        Err(error) => error,
    };
    Ok(match error.kind() {
        _ if error.code() == Some("WRONGTYPE") => Lookup::WrongType,
        _ if error.is_timeout() => Lookup::Failed(Failure::TimedOut),
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
            match Redirect::read(&error) {
                Some(redirect) => return Err(redirect),
                None => Lookup::Failed(Failure::Refused),
            }
        }
        ErrorKind::Server(_) | ErrorKind::Extension => Lookup::Failed(Failure::Refused),
        _ => Lookup::Failed(Failure::Broken),
    })
}
