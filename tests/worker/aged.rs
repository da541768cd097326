//! A handler whose time to live is an argument of the process.

use std::{env, time::Duration};

use redis_cache_runtime::{HandlerCache, handler_cache, observe};

/// No time to live is as one that Redis does not take.
fn ttl() -> Duration {
    match env::args().nth(2).as_deref() {
        None | Some("none") => Duration::MAX,
        Some(millis) => Duration::from_millis(millis.parse().unwrap()),
    }
}

#[handler_cache(name = "aged", ttl = ttl(), timeout = "10s")]
fn aged() {}

pub(crate) fn run() {
    let ((), outcome) = observe(aged);
    println!("{}", outcome.unwrap().result);
    let cache = HandlerCache::named("aged").unwrap();
    cache.flush().wait().unwrap();
}
