//! Sorts Redis' answers to writes by the writer's next step.

use redis::{ServerErrorKind, Value};

use crate::conn::Redirect;

/// The writer's next step after an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WriteDisposition {
    /// None: the write has been done, or never will be.
    Final,
    /// Load the scripts, which the server does not know, and send the write again.
    UnknownScript,
    /// Send the write to the node that has the slot.
    Moved(Redirect),
    /// Send the write again later: the slot is being migrated, or the server is not ready.
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
            // While a slot is migrated a script's keys lie on both nodes, and the new one can't use them together yet.
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
