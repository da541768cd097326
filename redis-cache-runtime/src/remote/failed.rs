//! Why writes did not reach Redis.

use redis::Value;

use super::losses::Loss;
use crate::telemetry::metrics::ErrorType;

/// Why jobs did not reach Redis.
pub(super) struct Failed {
    pub(super) error: ErrorType,
    pub(super) loss: Loss,
}

impl Failed {
    pub(super) fn new(error: ErrorType) -> Self {
        let loss = match error {
            ErrorType::Timeout => Loss::Unanswered,
            _ => Loss::Disconnected,
        };
        Self { error, loss }
    }

    /// For jobs that Redis has put off with `answer` until their retries were used up.
    pub(super) fn answered(error: ErrorType, answer: &Value) -> Self {
        let code = match answer {
            Value::ServerError(error) => error.code(),
            _ => "",
        };
        Self {
            error,
            loss: Loss::Postponed(code.to_owned()),
        }
    }
}
