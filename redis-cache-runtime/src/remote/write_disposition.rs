//! What Redis answers to a write, as far as it decides what happens next.

use redis::{ServerErrorKind, Value};

use crate::conn::Redirect;

/// What an answer asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WriteDisposition {
    /// Nothing: it has been done, or never will be.
    Final,
    /// The server does not know the script.
    UnknownScript,
    /// Another server of the cluster has the slot.
    Moved(Redirect),
    /// Not now: the slot is on its way, or the server is not ready.
    Later,
}

impl WriteDisposition {
    pub(super) fn of(answer: &Value) -> Self {
        let Value::ServerError(error) = answer else {
            return Self::Final;
        };
        match error.kind() {
            Some(ServerErrorKind::NoScript) => Self::UnknownScript,
            Some(ServerErrorKind::Moved) => {
                Redirect::read(&error.clone().into()).map_or(Self::Later, Self::Moved)
            }
            // A script's keys are on both sides while their slot moves; where they go, they can't be used together yet.
            Some(
                ServerErrorKind::Ask
                | ServerErrorKind::TryAgain
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::BusyLoading,
            ) => Self::Later,
            _ if error.code() == "BUSY" => Self::Later,
            _ if error
                .details()
                .is_some_and(|text| text.contains("non local key")) =>
            {
                Self::Later
            }
            _ => Self::Final,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let of =
            |line: &str| WriteDisposition::of(&redis::parse_redis_value(line.as_bytes()).unwrap());
        assert_eq!(of(":1\r\n"), WriteDisposition::Final);
        assert_eq!(of("-OOM command not allowed\r\n"), WriteDisposition::Final);
        assert_eq!(of("-READONLY You can't write\r\n"), WriteDisposition::Final);
        assert_eq!(
            of("-NOSCRIPT No matching script\r\n"),
            WriteDisposition::UnknownScript
        );
        assert!(matches!(of("-MOVED 1 a:1\r\n"), WriteDisposition::Moved(_)));
        for later in [
            "-ASK 1 a:1",
            "-TRYAGAIN Multiple keys request",
            "-CLUSTERDOWN The cluster is down",
            "-LOADING Redis is loading",
            "-MASTERDOWN Link with MASTER is down",
            "-BUSY Redis is busy running a script",
            "-ERR Script attempted to access a non local key in a cluster node",
        ] {
            assert_eq!(
                of(&format!("{later}\r\n")),
                WriteDisposition::Later,
                "{later}"
            );
        }
    }
}
