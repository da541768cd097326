//! Reads a server's reply to a look-up.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use super::Redirect;
use crate::outcome::{Failure, Lookup};

/// The answer of one server; an error names another node of its cluster, to be asked instead.
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
