//! A run of the body, and the step after it.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use super::{Cache, call::Call, work::Work};
use crate::{
    flight::reentrancy::{self, Leading},
    key::KeyBuilder,
    outcome::{CacheStatus, Outcome},
    process::{per_process::Belonging, stack},
    telemetry::{self, metrics::Lap},
};

/// A run of the body. If the process forks while the body runs, the child's run ends as one without a cache.
pub(super) struct Session<R> {
    cache: &'static Cache,
    /// `None` where the process was forked before the body began.
    parts: Option<Belonging<Parts<R>>>,
}

struct Parts<R> {
    call: Call<R>,
    /// `None` where the call runs the body for itself alone.
    work: Option<Work>,
    lap: Lap<'static>,
}

impl<R> Session<R> {
    pub(super) fn begin(call: Call<R>, work: Option<Work>) -> Self {
        let cache = call.cache();
        let lap = cache.metrics().lap();
        let parts = Parts { call, work, lap };
        Self {
            cache,
            parts: Some(Belonging::new(cache.process.clone(), parts)),
        }
    }

    /// The run of a call that was under way when this process was forked from the cache's.
    pub(super) const fn inherited(cache: &'static Cache) -> Self {
        Self { cache, parts: None }
    }

    /// Runs the body of a blocking method.
    pub(super) fn run(
        mut self,
        body: impl FnOnce() -> R,
        again: impl FnOnce(&mut KeyBuilder),
    ) -> R {
        let leads = self.work().is_some();
        let value = if leads {
            reentrancy::run(body)
        } else {
            stack::with_room(body)
        };
        self.finish(&value, again);
        value
    }

    /// The leader's work; `None` in a forked child too, because its followers are the parent's.
    fn work(&self) -> Option<&Work> {
        let parts = self.parts.as_ref().and_then(Belonging::get);
        parts.and_then(|parts| parts.work.as_ref())
    }

    /// Polls the body through `poll`.
    pub(super) fn poll(
        &self,
        context: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        match self.work() {
            Some(work) => work.leader.poll_attended(context, |context| {
                let _leading = Leading::begin();
                poll(context)
            }),
            None => poll(context),
        }
    }

    /// Ends the run, after the body has returned `value`.
    pub(super) fn finish(&mut self, value: &R, again: impl FnOnce(&mut KeyBuilder)) {
        let Some(parts) = self.parts.as_mut().and_then(Belonging::take) else {
            let cache = self.cache;
            return telemetry::record(|| Outcome {
                cache: Arc::clone(&cache.name),
                result: CacheStatus::Bypass,
                age: None,
            });
        };
        let Parts { call, work, lap } = parts;
        self.cache.metrics().finish(lap);
        if let Some(work) = work {
            call.computed(value, work, again);
        }
    }
}
