//! How jobs end: counters, losses, and the report to the cache.

use redis::{ServerErrorKind, Value};

use super::Writer;
use crate::{
    conn::Redis as _,
    outcome::Error,
    remote::{applied::Applied, epoch::Generation, failed::Failed, losses::Loss, queue::Job},
    telemetry::{
        Event,
        metrics::{CacheOperation, ErrorType},
    },
};

impl Writer {
    /// Counts the result of a job that Redis has answered for good, and tells the cache that a store has ended.
    pub(super) fn settle(&self, job: &Job, answer: &Value) {
        if let Value::ServerError(error) = answer {
            self.events.refused(error.code());
            if error.kind() == Some(ServerErrorKind::ReadOnly) {
                self.shard.route().request_ping();
            }
            let failed = Failed {
                error: ErrorType::of_code(error.code()),
                loss: Loss::Refused(error.code().to_owned()),
            };
            return self.fail(job, &failed);
        }
        if let (Job::Heal { .. }, Value::Int(deleted)) = (job, answer) {
            let deleted = u64::try_from(*deleted).unwrap_or(0);
            return self.events.counters().count_many(Event::Healed, deleted);
        }
        let applied = Applied::read(answer);
        if let Some(applied) = &applied {
            self.learn(applied.known);
        }
        let Job::Store {
            digest,
            ticket,
            known,
            ..
        } = job
        else {
            return;
        };
        match applied {
            Some(Applied {
                refused: false,
                evicted,
                ..
            }) => {
                self.events.counters().count(Event::Stored);
                self.events.counters().count_many(Event::Evicted, evicted);
            }
            Some(Applied { refused: true, .. }) if known.generation == Generation::Unknown => {
                self.events.counters().count(Event::StoreFailed);
                self.events.losses().add(Loss::Unaware);
            }
            Some(Applied { refused: true, .. }) => self.events.counters().count(Event::Overtaken),
            None => {
                let failed = Failed::new(ErrorType::Protocol);
                return self.fail(job, &failed);
            }
        }
        self.events.settled(&self.shard, digest, *ticket);
    }

    /// Counts a job that Redis has refused, or did not get.
    pub(super) fn fail(&self, job: &Job, failed: &Failed) {
        self.count_error(
            match job {
                Job::Store { .. } => CacheOperation::Put,
                Job::Touch { .. } => CacheOperation::Touch,
                Job::Heal { .. } => CacheOperation::Heal,
                Job::Kept { .. }
                | Job::Invalidate { .. }
                | Job::Clear { .. }
                | Job::Flush { .. } => return,
            },
            failed.error,
        );
        if let Job::Store { digest, ticket, .. } = job {
            self.events.counters().count(Event::StoreFailed);
            self.events.losses().add(failed.loss.clone());
            self.events.settled(&self.shard, digest, *ticket);
        }
    }

    pub(super) fn count_failure(&self, operation: CacheOperation, result: &Result<u64, Error>) {
        if let Err(error) = result {
            self.count_error(operation, error.kind().into());
        }
    }

    fn count_error(&self, operation: CacheOperation, error: ErrorType) {
        self.metrics().count_error(operation, error);
    }
}
