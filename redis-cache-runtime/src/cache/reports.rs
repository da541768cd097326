//! Counts values that are not stored and calls that are not cached, and logs each reason once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::Cache;
use crate::{
    key::EncodeError,
    remote::{Loss, Pushed},
    telemetry::{
        self, Event,
        metrics::{CacheOperation, ErrorType},
    },
    value::codec::CodecError,
};

/// The reasons that have been logged.
#[derive(Default)]
pub(super) struct LogOnce {
    unkeyed: AtomicBool,
    anonymous: AtomicBool,
    moved: AtomicBool,
    not_storable: AtomicBool,
    crowded: AtomicBool,
    unproved: AtomicBool,
    too_large: AtomicBool,
    queue_full: AtomicBool,
    refused: AtomicBool,
}

/// Whether this is the first time.
fn first(said: &AtomicBool) -> bool {
    // Mostly it has been logged before: a load leaves the cache line shared, a swap would not.
    !said.load(Ordering::Relaxed) && !said.swap(true, Ordering::Relaxed)
}

impl Cache {
    /// Counts the result of queueing a value of `bytes` bytes.
    pub(super) fn report_pushed(&self, pushed: Pushed, bytes: usize) {
        match pushed {
            Pushed::Queued { .. } => self.metrics().queued(bytes),
            Pushed::Full => self.report_queue_full(),
            // It was counted when its place's time was up.
            Pushed::Late => {}
            Pushed::Overtaken => self.counters.count(Event::Overtaken),
        }
    }

    /// Counts, and logs once, that an argument can't be written into the key.
    pub(crate) fn report_unkeyed(&self, error: &EncodeError) {
        self.metrics()
            .count_error(CacheOperation::Key, ErrorType::Encode);
        if first(&self.logged.unkeyed) {
            let (cache, error) = (Arc::clone(&self.name), error.to_string());
            telemetry::report(move || {
                tracing::warn!(cache = &*cache, %error, "an argument can't be written into the key; such calls are not cached");
            });
        }
    }

    /// Logs once that a handler is not cached because its receiver may have an identity that can't be seen.
    pub(crate) fn report_anonymous(&self, path: &'static str) {
        if first(&self.logged.anonymous) {
            let cache = Arc::clone(&self.name);
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    handler = path,
                    "not cached: where this body stands, it can't be seen whether the type of `self` has a `CacheIdentity`; \
                     make `CacheIdentity` a supertrait or a bound, or write `version = ()` where the instance does not matter"
                );
            });
        }
    }

    /// Logs once that a value is not stored because the identity or the version has changed while the body ran.
    pub(super) fn report_moved(&self) {
        if first(&self.logged.moved) {
            let cache = Arc::clone(&self.name);
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    "the identity or the version has changed while the body ran; such values are not stored"
                );
            });
        }
    }

    /// Counts, and logs once, that a value can't be written or does not come back. It is no loss: it was never meant for Redis.
    pub(super) fn report_not_storable(&self, error: &CodecError, type_name: &'static str) {
        self.counters.count(Event::NotStorable);
        self.metrics()
            .count_error(CacheOperation::Put, ErrorType::Encode);
        if first(&self.logged.not_storable) {
            let (cache, error) = (Arc::clone(&self.name), error.to_string());
            telemetry::report(move || {
                tracing::warn!(cache = &*cache, type_name, %error, "a value can't be stored; such calls are not cached");
            });
        }
    }

    /// Counts, and logs once, that a value is not stored because values of two other builds stand at its key.
    pub(super) fn report_crowded(&self) {
        self.counters.count(Event::NotStorable);
        self.losses.add(Loss::Crowded);
        if first(&self.logged.crowded) {
            let cache = Arc::clone(&self.name);
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    "a value is not stored, because values of two other builds stand at its key; \
                     it is once those have expired, or have been evicted or cleared"
                );
            });
        }
    }

    /// Counts, and logs once, that a value is not stored because comparing values takes too long.
    pub(crate) fn report_unproved(&self) {
        self.counters.count(Event::NotStorable);
        self.losses.add(Loss::Unproved);
        if first(&self.logged.unproved) {
            let cache = Arc::clone(&self.name);
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    "to read values back takes too long; those that wait for it are not stored"
                );
            });
        }
    }

    /// Counts, and logs once, that a value is larger than `max_value_bytes`.
    pub(super) fn report_too_large(&self, bytes: usize) {
        self.counters.count(Event::TooLarge);
        self.losses.add(Loss::TooLarge);
        if first(&self.logged.too_large) {
            let (cache, most) = (Arc::clone(&self.name), self.max_value_bytes);
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    bytes,
                    most,
                    "a value is larger than `max_value_bytes`; such values are not stored"
                );
            });
        }
    }

    /// Counts, and logs once, that values come faster than Redis takes them.
    pub(super) fn report_queue_full(&self) {
        self.counters.count(Event::QueueFull);
        self.losses.add(Loss::QueueFull);
        if first(&self.logged.queue_full) {
            let cache = Arc::clone(&self.name);
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    "too many values wait to be stored; those that come now are not"
                );
            });
        }
    }

    /// Warns once that Redis refuses to store; further refusals are logged at debug level.
    pub(crate) fn report_refused(&self, code: &str) {
        let (cache, code) = (Arc::clone(&self.name), code.to_owned());
        if first(&self.logged.refused) {
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    code,
                    "Redis refuses to store; handlers run uncached for what it does not have"
                );
            });
        } else {
            telemetry::report(move || {
                tracing::debug!(cache = &*cache, code, "Redis refused a write");
            });
        }
    }
}
