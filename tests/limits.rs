//! The bounds of an entry: its time and its size.

use std::time::Duration;

use cache_tests_support::{
    cache_keys, config, eventually, flush_what_is_left, in_one_shard, info, shards, shared, tags,
};
use redis_cache_runtime::{CacheStatus, handler_cache, observe};

#[test]
fn an_entry_expires() {
    #[handler_cache(config = config(), shards = shards(), name = "expiring", timeout = "5s", ttl = "300ms")]
    fn double(n: u32) -> u32 {
        n * 2
    }
    let result = |n| observe(|| double(n)).1.unwrap().result;
    assert_eq!(result(1), CacheStatus::Miss);
    flush_what_is_left("expiring");
    // Hits do not make it live longer: it expires under constant use.
    eventually(|| result(1) == CacheStatus::Miss);
    flush_what_is_left("expiring");
    let key = cache_keys(&mut shared().connection(), "expiring").remove(0);
    let left: i64 = redis::cmd("PTTL")
        .arg(key)
        .query(&mut shared().connection())
        .unwrap();
    assert!((1..=300).contains(&left), "{left} ms");
}

#[test]
fn what_is_stored_together_does_not_expire_together() {
    #[handler_cache(config = config(), shards = shards(), name = "jittered", ttl = Duration::from_secs(1000), maxsize = 200)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in 0..100 {
        double(n);
    }
    flush_what_is_left("jittered");
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
    #[handler_cache(config = config(), shards = shards(), name = "expired", timeout = "5s", ttl = "200ms", maxsize = 4 * usize::from(shards()))]
    fn double(n: u32) -> u32 {
        n * 2
    }
    let live = || cache_keys(&mut shared().connection(), "expired").len();
    let mut connection = shared().connection();
    let arguments = in_one_shard(&mut connection, "expired", 5, |n| {
        double(n);
    });
    let before = info("expired").evicted;
    for n in &arguments[..4] {
        double(*n);
    }
    flush_what_is_left("expired");
    assert_eq!(info("expired").currsize, 4);
    eventually(|| live() == 0);
    // Redis has dropped the expired values; the next store finds that out, and evicts none.
    double(arguments[4]);
    flush_what_is_left("expired");
    assert_eq!((live(), info("expired").evicted), (1, before));
    assert_eq!(info("expired").currsize, 1);
    eventually(|| live() == 0);
    assert_eq!(info("expired").currsize, 0);
}

#[test]
fn entries_that_redis_evicts_by_itself_are_not_counted() {
    #[handler_cache(config = config(), shards = shards(), name = "robbed", maxsize = 1000)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in 0..600 {
        double(n);
    }
    flush_what_is_left("robbed");
    let mut connection = shared().connection();
    let keys = cache_keys(&mut connection, "robbed");
    assert_eq!(keys.len(), 600);
    for key in &keys[..450] {
        redis::cmd("DEL").arg(key).exec(&mut connection).unwrap();
    }
    assert_eq!(info("robbed").currsize, 150);
}

#[test]
fn a_value_that_is_too_large_is_not_stored() {
    #[handler_cache(config = config(), shards = shards(), name = "large", timeout = "5s", max_value_bytes = 1000)]
    fn zeros(n: usize) -> String {
        "0".repeat(n)
    }
    for _ in 0..2 {
        assert_eq!(zeros(5000).len(), 5000);
        assert_eq!(zeros(500).len(), 500);
        flush_what_is_left("large");
    }
    let info = info("large");
    assert_eq!(
        (info.hits, info.misses, info.not_stored, info.currsize),
        (1, 3, 2, 1)
    );
}

#[test]
fn what_expires_leaves_nothing_behind() {
    #[handler_cache(config = config(), shards = shards(), name = "unbounded-expiring", maxsize = None, ttl = "10ms")]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in 0..2000 {
        double(n);
        if n % 20 == 0 {
            flush_what_is_left("unbounded-expiring");
        }
    }
    flush_what_is_left("unbounded-expiring");
    let shards_count = u32::from(shards());
    let mut connection = shared().connection();
    eventually(|| {
        // Each shard forgets when something is stored in it.
        for n in 0..8 * shards_count {
            double(5000 + n);
        }
        flush_what_is_left("unbounded-expiring");
        let members: u32 = tags("unbounded-expiring", shards())
            .iter()
            .map(|tag| -> u32 {
                redis::cmd("ZCARD")
                    .arg(format!("hc:{{{tag}}}:z"))
                    .query(&mut connection)
                    .unwrap()
            })
            .sum();
        members < 50 * shards_count
    });
}
