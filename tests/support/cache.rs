//! The caches of the test's own process.

use redis_cache_runtime::{CacheInfo, CacheStatus, Config, ErrorKind, HandlerCache, observe};

use crate::test_redis::shared;

/// The `config` of a handler whose values are in the [`shared`] Redis.
pub fn config() -> Config {
    shared().config()
}

/// Returns the cache `name`, which a call has opened before.
#[must_use]
#[track_caller]
pub fn cache(name: &str) -> HandlerCache {
    HandlerCache::named(name).expect("a call has opened the cache")
}

/// Waits until every value of the cache `name` is in Redis.
#[track_caller]
pub fn flush(name: &str) {
    cache(name).flush().wait().expect("every value is in Redis");
}

/// [`flush`] where a fault or a bound may have cost values.
#[track_caller]
pub fn flush_what_is_left(name: &str) {
    match cache(name).flush().wait() {
        Err(error) if error.kind() == ErrorKind::NotStored => {}
        flushed => flushed.expect("Redis is there"),
    }
}

/// [`flush`] for all caches of the process.
#[track_caller]
pub fn flush_all() {
    let flushed = redis_cache_runtime::flush_all().wait();
    flushed.expect("every value is in Redis");
}

/// Returns the counters of the cache `name`.
#[must_use]
#[track_caller]
pub fn info(name: &str) -> CacheInfo {
    cache(name).info().wait().expect("Redis is there")
}

/// Returns how the call of an annotated method ended.
#[track_caller]
pub fn result_of<T>(call: impl FnOnce() -> T) -> CacheStatus {
    let (_, outcome) = observe(call);
    outcome.expect("an annotated method was called").result
}
