//! A handler that is not cached because a setting of it is wrong.

use std::{fmt, sync::Arc};

use crate::{
    config::MaxSize,
    outcome::{CacheStatus, Outcome},
    telemetry::{
        self,
        metrics::{CacheMetrics, CacheOperation, ErrorType},
    },
};

/// Counts the calls of a handler that is not cached.
#[derive(Debug)]
pub(crate) struct Uncached {
    name: Arc<str>,
    metrics: CacheMetrics,
}

impl Uncached {
    pub(crate) fn new(name: &str) -> Self {
        let metrics = CacheMetrics::new(name, MaxSize::Unbounded);
        metrics.count_error(CacheOperation::Open, ErrorType::Settings);
        Self {
            name: name.into(),
            metrics,
        }
    }
}

/// Counts these calls, as a trait object: to see that a future with one in it is `Send`, the compiler need not look inside.
pub(crate) trait CountCalls: fmt::Debug + Send + Sync {
    /// Counts a call that has ended.
    fn count_call(&self);
}

impl CountCalls for Uncached {
    fn count_call(&self) {
        let Self { name, metrics } = self;
        metrics.count_result(CacheStatus::Bypass);
        telemetry::record(|| Outcome {
            cache: Arc::clone(name),
            result: CacheStatus::Bypass,
            age: None,
        });
    }
}

/// A call, counted as it is dropped, however it ends.
#[derive(Debug)]
pub(crate) struct UncachedCall(pub(crate) &'static dyn CountCalls);

impl Drop for UncachedCall {
    fn drop(&mut self) {
        self.0.count_call();
    }
}
