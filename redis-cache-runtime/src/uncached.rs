//! A handler that is not cached because a setting of it is wrong.

use std::sync::Arc;

use crate::{
    config::MaxSize,
    metrics::{CacheMetrics, CacheOperation, ErrorType},
    outcome::{self, CallResult, Outcome},
};

/// What its calls are counted as.
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

    /// A call, until it is dropped.
    pub(crate) const fn call(&self) -> UncachedCall<'_> {
        UncachedCall(self)
    }
}

/// A call is counted however it ends.
#[derive(Debug)]
pub(crate) struct UncachedCall<'u>(&'u Uncached);

impl Drop for UncachedCall<'_> {
    fn drop(&mut self) {
        let Uncached { name, metrics } = self.0;
        metrics.count_result(CallResult::Bypass);
        outcome::record(|| Outcome {
            cache: Arc::clone(name),
            result: CallResult::Bypass,
            age: None,
        });
    }
}
