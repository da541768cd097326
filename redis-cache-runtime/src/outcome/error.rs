//! The errors of management calls. A call of a handler never gets one of them.

use std::{error::Error as StdError, fmt};

/// An error of a management call: [`HandlerCache`](crate::HandlerCache), [`flush_all`](crate::flush_all).
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The class of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is wrong; the message names it.
    InvalidConfig,
    /// No annotated method with that cache name has been called yet in this process.
    UnknownCache,
    /// An argument can't be written into a key.
    InvalidArguments,
    /// Redis can't be reached.
    Unavailable,
    /// Redis did not answer in time.
    TimedOut,
    /// Redis answered with an error.
    Redis,
    /// Values that were computed are not in Redis; the message says how many, and why.
    NotStored,
}

impl ErrorKind {
    /// Whether Redis has not answered.
    pub(crate) const fn is_absence(self) -> bool {
        matches!(self, Self::Unavailable | Self::TimedOut)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidConfig => "a setting is wrong",
            Self::UnknownCache => "no cache of that name",
            Self::InvalidArguments => "not the arguments of a call",
            Self::Unavailable => "Redis can't be reached",
            Self::TimedOut => "Redis did not answer in time",
            Self::Redis => "Redis answered with an error",
            Self::NotStored => "values are not in Redis",
        })
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The class of the error.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_can_be_shown() {
        assert_eq!(
            ErrorKind::TimedOut.to_string(),
            "Redis did not answer in time"
        );
    }
}
