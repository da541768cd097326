//! Forks after the cache has been used, and uses it on both sides.

use std::process;

use cache_tests_support::{cache, flush, info};
use fork::{Fork, fork, waitpid};
use redis_cache_runtime::{CacheStatus, handler_cache, observe};

#[handler_cache(name = "forked", timeout = "10s")]
fn square(n: u64) -> u64 {
    n * n
}

fn result_of(n: u64) -> CacheStatus {
    let (value, outcome) = observe(|| square(n));
    assert_eq!(value, n * n);
    outcome.unwrap().result
}

pub(crate) fn run() {
    for n in 0..4 {
        assert_eq!(result_of(n), CacheStatus::Miss);
    }
    flush("forked");
    for n in 0..4 {
        assert_eq!(result_of(n), CacheStatus::HitRedis);
    }
    match fork().unwrap() {
        Fork::Child => {
            check_child();
            // An exit as of any program: it waits for the last stores.
            process::exit(0);
        }
        Fork::Parent(child) => {
            // Both sides read at once: on a shared socket each would get replies to the other's requests.
            for round in 0..200 {
                assert_eq!(result_of(round % 4), CacheStatus::HitRedis);
            }
            assert_eq!(waitpid(child).unwrap(), 0, "the child has failed");
            assert_eq!(result_of(100), CacheStatus::HitRedis);
        }
    }
}

fn check_child() {
    for round in 0..200 {
        assert_eq!(result_of(round % 4), CacheStatus::HitRedis);
    }
    assert_eq!(result_of(100), CacheStatus::Miss);
    flush("forked");
    assert_eq!(result_of(100), CacheStatus::HitRedis);
    let info = info("forked");
    assert_eq!((info.currsize, info.stored), (5, 1));
}

/// Has two children clear, one after the other, and prints the generation after each.
pub(crate) fn clear_in_children() {
    assert_eq!(square(1), 1);
    flush("forked");
    for _ in 0..2 {
        match fork().unwrap() {
            Fork::Child => {
                square(1);
                let cache = cache("forked");
                cache.clear().wait().unwrap();
                let mut redis = redis::Client::open(std::env::var("HANDLER_CACHE_URL").unwrap())
                    .unwrap()
                    .get_connection()
                    .unwrap();
                let generation: String = redis::cmd("HGET")
                    .arg(&["hc:{forked}:m", "generation"])
                    .query(&mut redis)
                    .unwrap();
                println!("{generation}");
                process::exit(0);
            }
            Fork::Parent(child) => assert_eq!(waitpid(child).unwrap(), 0),
        }
    }
}
