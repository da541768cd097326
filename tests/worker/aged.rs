//! A handler whose time to live is an argument of the process.

use std::{sync::OnceLock, time::Duration};

use cache_tests_support::cache;
use redis_cache_runtime::{handler_cache, observe};

static TTL: OnceLock<Duration> = OnceLock::new();

#[handler_cache(name = "aged", ttl = *TTL.get().unwrap(), timeout = "10s")]
fn aged() {}

/// `None` is a time to live so long that Redis does not take it.
pub(crate) fn run(ttl: Option<Duration>) {
    TTL.set(ttl.unwrap_or(Duration::MAX)).unwrap();
    let ((), outcome) = observe(aged);
    println!("{}", outcome.unwrap().result);
    let cache = cache("aged");
    cache.flush().wait().unwrap();
}
