//! A slow function, called twice.
//!
//! ```sh
//! cargo run -p handler-cache-examples --example hello
//! ```

use std::thread::sleep;
use std::time::{Duration, Instant};

use redis_cache_runtime::{HandlerCache, handler_cache};

#[handler_cache(name = "hello", maxsize = 16)]
fn square(n: u64) -> u64 {
    sleep(Duration::from_secs(1));
    n * n
}

fn main() {
    for _ in 0..2 {
        let start = Instant::now();
        println!("{} after {:?}", square(12), start.elapsed());
    }
    match HandlerCache::named("hello").and_then(|cache| cache.info().wait()) {
        Ok(info) => {
            println!(
                "hits: {}, misses: {}, entries: {}",
                info.hits, info.misses, info.currsize
            );
            if let Some(reason) = info.unavailable {
                println!("nothing was cached: {reason}");
            }
        }
        Err(error) => println!("both calls ran the function, nothing was cached: {error}"),
    }
}
