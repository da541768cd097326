//! What a look-up finds.

use bytes::Bytes;
use redis::{RedisError, Value};

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

/// Reads the answer to a `GET`.
pub(crate) fn interpret(reply: Result<Value, RedisError>) -> Lookup {
    match reply {
        Ok(Value::BulkString(bytes)) => Lookup::Found(bytes.into()),
        Ok(Value::Nil) => Lookup::Absent,
        Ok(Value::ServerError(error)) if error.code() == "WRONGTYPE" => Lookup::WrongType,
        Ok(Value::ServerError(_)) => Lookup::Failed(Failure::Refused),
        Err(error) if error.code() == Some("WRONGTYPE") => Lookup::WrongType,
        Err(error) if error.is_timeout() => Lookup::Failed(Failure::TimedOut),
        Err(error)
            if matches!(
                error.kind(),
                redis::ErrorKind::Server(_) | redis::ErrorKind::Extension
            ) =>
        {
            Lookup::Failed(Failure::Refused)
        }
        Ok(_) | Err(_) => Lookup::Failed(Failure::Broken),
    }
}
