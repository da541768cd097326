//! How a look-up ends.

use bytes::Bytes;

/// The answer to one `GET`.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// The bytes at the key; whether they are a value is for the envelope to say.
    Found(Bytes),
    Absent,
    /// The key holds another type than a string.
    WrongType,
    Failed(Failure),
}

/// Why a look-up has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no connection.
    Unavailable,
    /// The budget is used up.
    TimedOut,
    /// Redis answered with an error.
    Refused,
    /// The connection broke, or the reply can't be understood.
    Broken,
}
