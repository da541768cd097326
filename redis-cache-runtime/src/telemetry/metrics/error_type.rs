//! The classes of errors that are counted apart.

use redis::RedisError;

use crate::outcome::{Damage, ErrorKind, Failure};

/// The class of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorType {
    /// No answer within the budget.
    Timeout,
    /// There is no connection.
    Connect,
    /// The connection broke.
    Io,
    /// An answer that does not fit the request.
    Protocol,
    Oom,
    ReadOnly,
    NoAuth,
    /// The server is not ready, or the slot is on its way.
    Loading,
    /// The server forgets the scripts as soon as they are loaded.
    NoScript,
    /// Any other error that Redis answers.
    Refused,
    /// The stored bytes are not a value of this type.
    Decode,
    /// The stored bytes fail their check.
    Mac,
    /// An argument or a value can't be written.
    Encode,
    /// A setting is wrong.
    Settings,
}

impl ErrorType {
    pub(super) const COUNT: usize = Self::Settings as usize + 1;

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Io => "io",
            Self::Protocol => "protocol",
            Self::Oom => "oom",
            Self::ReadOnly => "readonly",
            Self::NoAuth => "noauth",
            Self::Loading => "loading",
            Self::NoScript => "noscript",
            Self::Refused => "refused",
            Self::Decode => "decode",
            Self::Mac => "mac",
            Self::Encode => "encode",
            Self::Settings => "settings",
        }
    }

    /// The class of the first word of an error that Redis answers.
    pub(crate) fn of_code(code: &str) -> Self {
        match code {
            "OOM" => Self::Oom,
            "READONLY" => Self::ReadOnly,
            "NOAUTH" | "NOPERM" | "WRONGPASS" => Self::NoAuth,
            "LOADING" | "BUSY" | "CLUSTERDOWN" | "MASTERDOWN" | "TRYAGAIN" | "ASK" => Self::Loading,
            "NOSCRIPT" => Self::NoScript,
            _ => Self::Refused,
        }
    }
}

impl From<Failure> for ErrorType {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable => Self::Connect,
            Failure::TimedOut => Self::Timeout,
            Failure::Refused => Self::Refused,
            Failure::Broken => Self::Io,
        }
    }
}

impl From<Damage> for ErrorType {
    fn from(damage: Damage) -> Self {
        match damage {
            Damage::Check => Self::Mac,
            Damage::Foreign | Damage::Version | Damage::Type => Self::Decode,
        }
    }
}

impl From<ErrorKind> for ErrorType {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unavailable => Self::Connect,
            ErrorKind::TimedOut => Self::Timeout,
            ErrorKind::InvalidArguments => Self::Encode,
            ErrorKind::InvalidConfig
            | ErrorKind::UnknownCache
            | ErrorKind::Redis
            | ErrorKind::NotStored => Self::Refused,
        }
    }
}

impl From<&RedisError> for ErrorType {
    fn from(error: &RedisError) -> Self {
        match error.code() {
            Some(code) => Self::of_code(code),
            None if error.is_timeout() => Self::Timeout,
            None => Self::Io,
        }
    }
}
