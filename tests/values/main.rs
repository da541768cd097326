//! Every value comes back equal, or is not stored, for any type and any serde code.

#![expect(
    clippy::unwrap_used,
    clippy::items_after_statements,
    clippy::option_option,
    reason = "what fails here fails the test, handlers stand where they are used, and odd types are what is tested"
)]

mod aside;
mod blurred;
mod builds;
mod changed;
mod made_up;
mod nested;
mod ordered;
mod serde_code;
mod sets;
mod unreadable;

use cache_tests_support::flush_all;
use redis_cache_runtime::{CacheStatus, observe};

/// Calls, flushes, and calls again: both answers, and how the second call ended.
fn twice<T>(handler: impl Fn() -> T) -> ([T; 2], CacheStatus) {
    let first = handler();
    flush_all();
    let (second, outcome) = observe(handler);
    ([first, second], outcome.unwrap().result)
}

/// Whether the handler that returns this value is answered with an equal one, and whether from Redis.
macro_rules! is_stored {
    ($name:expr, $type:ty, $value:expr) => {{
        #[redis_cache_runtime::handler_cache(config = cache_tests_support::config(), shards = cache_tests_support::shards(), name = $name, timeout = "5s")]
        fn handler() -> $type {
            $value
        }
        let ([first, second], result) = $crate::twice(handler);
        assert!(first == $value, "{}: {first:?}", $name);
        assert!(second == $value, "{}: {second:?}", $name);
        let stored = result == redis_cache_runtime::CacheStatus::HitRedis;
        assert_eq!(cache_tests_support::info($name).corrupt, 0, "{}", $name);
        assert_eq!(cache_tests_support::info($name).not_stored > 0, !stored, "{}", $name);
        stored
    }};
}
use is_stored;
