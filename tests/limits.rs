//! What bounds an entry: its time and its size.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::time::Duration;

use cache_tests_support::{cache_keys, eventually, shared};
use redis_cache_runtime::{CacheInfo, CallResult, HandlerCache, handler_cache, observe};

const SOON: Duration = Duration::from_secs(10);

fn url() -> String {
    shared().url()
}

fn flush(name: &str) {
    HandlerCache::named(name).unwrap().flush().wait().unwrap();
}

fn info(name: &str) -> CacheInfo {
    HandlerCache::named(name).unwrap().info().wait().unwrap()
}

#[test]
fn an_entry_expires() {
    #[handler_cache(url = url(), name = "expiring", ttl = "300ms")]
    fn double(n: u32) -> u32 {
        n * 2
    }
    let result = |n| observe(|| double(n)).1.unwrap().result;
    assert_eq!(result(1), CallResult::Miss);
    flush("expiring");
    // Hits do not make it live longer: it expires under constant use.
    eventually(SOON, || result(1) == CallResult::Miss);
    flush("expiring");
    let key = cache_keys(&mut shared().connection(), "expiring").remove(0);
    let left: i64 = redis::cmd("PTTL")
        .arg(key)
        .query(&mut shared().connection())
        .unwrap();
    assert!((1..=300).contains(&left), "{left} ms");
}

#[test]
fn what_is_stored_together_does_not_expire_together() {
    #[handler_cache(url = url(), name = "jittered", ttl = Duration::from_secs(1000), maxsize = 200)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in 0..100 {
        double(n);
    }
    flush("jittered");
    let mut connection = shared().connection();
    let lifetimes: Vec<i64> = cache_keys(&mut connection, "jittered")
        .iter()
        .map(|key| redis::cmd("PTTL").arg(key).query(&mut connection).unwrap())
        .collect();
    assert_eq!(lifetimes.len(), 100);
    let (shortest, longest) = (
        lifetimes.iter().min().unwrap(),
        lifetimes.iter().max().unwrap(),
    );
    assert!(
        *shortest > 890_000 && *longest <= 1_000_000,
        "{shortest} to {longest} ms"
    );
    assert!(longest - shortest > 50_000, "{shortest} to {longest} ms");
}

#[test]
fn expired_entries_are_not_counted_and_make_room_first() {
    #[handler_cache(url = url(), name = "expired", ttl = "200ms", maxsize = 4)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    let live = || cache_keys(&mut shared().connection(), "expired").len();
    for n in 0..4 {
        double(n);
    }
    flush("expired");
    assert_eq!(info("expired").currsize, 4);
    eventually(SOON, || live() == 0);
    // Redis has forgotten the values; the next store finds that out and evicts nobody.
    double(10);
    flush("expired");
    assert_eq!((live(), info("expired").evicted), (1, 0));
    assert_eq!(info("expired").currsize, 1);
    eventually(SOON, || live() == 0);
    assert_eq!(info("expired").currsize, 0);
}

#[test]
fn entries_that_redis_evicts_by_itself_are_not_counted() {
    #[handler_cache(url = url(), name = "robbed", maxsize = 1000)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in 0..600 {
        double(n);
    }
    flush("robbed");
    let mut connection = shared().connection();
    let keys = cache_keys(&mut connection, "robbed");
    assert_eq!(keys.len(), 600);
    redis::cmd("DEL")
        .arg(&keys[..450])
        .exec(&mut connection)
        .unwrap();
    assert_eq!(info("robbed").currsize, 150);
}

#[test]
fn a_value_that_is_too_large_is_not_stored() {
    #[handler_cache(url = url(), name = "large", max_value_bytes = 1000)]
    fn zeros(n: usize) -> String {
        "0".repeat(n)
    }
    for _ in 0..2 {
        assert_eq!(zeros(5000).len(), 5000);
        assert_eq!(zeros(500).len(), 500);
        flush("large");
    }
    let info = info("large");
    assert_eq!(
        (info.hits, info.misses, info.not_stored, info.currsize),
        (1, 3, 2, 1)
    );
}

#[test]
fn what_expires_leaves_nothing_behind() {
    #[handler_cache(url = url(), name = "unbounded-expiring", maxsize = None, ttl = "10ms")]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in 0..2000 {
        double(n);
        if n % 20 == 0 {
            flush("unbounded-expiring");
        }
    }
    flush("unbounded-expiring");
    eventually(SOON, || {
        double(5000);
        flush("unbounded-expiring");
        let members: u32 = redis::cmd("ZCARD")
            .arg("hc:{unbounded-expiring}:z")
            .query(&mut shared().connection())
            .unwrap();
        members < 50
    });
}
