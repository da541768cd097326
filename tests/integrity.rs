//! Damaged and foreign data in Redis: a caller gets the value of its own call, or runs the body.

#![expect(
    clippy::unwrap_used,
    clippy::items_after_statements,
    reason = "what fails here fails the test, and handlers stand where they are used"
)]

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

use cache_tests_support::{
    TestRedis, cache, cache_keys, config, eventually, flush, in_one_shard, info, shards, shared,
    tags,
};
use redis::Commands as _;
use redis_cache_runtime::{CacheStatus, Config, handler_cache, observe};

static RUNS: AtomicU32 = AtomicU32::new(0);

/// Its values are short: a test flips each bit of an entry.
#[handler_cache(config = config(), shards = shards(), name = "fragile", timeout = "5s")]
fn reciprocal(n: u32) -> Result<String, std::num::TryFromIntError> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    Ok(format!("1/{n}"))
}

fn corrupt() -> u64 {
    info("fragile").corrupt
}

/// Stores a value, and gives its key.
fn stored() -> String {
    assert_eq!(reciprocal(7).unwrap(), "1/7");
    flush("fragile");
    let keys = cache_keys(&mut shared().connection(), "fragile");
    assert_eq!(keys.len(), 1);
    keys[0].clone()
}

/// Calls, and checks that the damage was found, counted and mended.
fn is_a_miss_and_heals(what: &str) {
    let before = corrupt();
    let runs = RUNS.load(Ordering::Relaxed);
    let (value, outcome) = observe(|| reciprocal(7));
    assert_eq!(value.unwrap(), "1/7", "{what}");
    assert_eq!(outcome.unwrap().result, CacheStatus::Miss, "{what}");
    assert_eq!(RUNS.load(Ordering::Relaxed), runs + 1, "{what}");
    flush("fragile");
    assert_eq!(corrupt(), before + 1, "{what}");
    let (value, outcome) = observe(|| reciprocal(7));
    assert_eq!(value.unwrap(), "1/7", "{what}");
    assert_eq!(outcome.unwrap().result, CacheStatus::HitRedis, "{what}");
    assert_eq!(
        cache_keys(&mut shared().connection(), "fragile").len(),
        1,
        "{what}"
    );
}

#[test]
fn damaged_values_are_misses_and_heal() {
    let mut connection = shared().connection();
    let key = stored();
    let good: Vec<u8> = connection.get(&key).unwrap();

    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let () = connection.set(&key, bytes).unwrap();
        is_a_miss_and_heals(&format!("bit {bit}"));
    }
    for len in 0..good.len() {
        let () = connection.set(&key, &good[..len]).unwrap();
        is_a_miss_and_heals(&format!("{len} bytes"));
    }
    for foreign in ["", "hello", "hc", "{\"json\":true}"] {
        let () = connection.set(&key, foreign).unwrap();
        is_a_miss_and_heals(foreign);
    }
    let () = connection.del(&key).unwrap();
    let () = connection.hset(&key, "field", "value").unwrap();
    is_a_miss_and_heals("a hash");
    let () = connection.del(&key).unwrap();
    let () = connection.rpush(&key, "value").unwrap();
    is_a_miss_and_heals("a list");
}

#[test]
fn a_value_under_anothers_key_is_a_miss() {
    #[handler_cache(config = config(), shards = shards(), name = "swapped", timeout = "5s")]
    fn double(n: u32) -> u32 {
        n * 2
    }
    double(1);
    double(2);
    let cache = cache("swapped");
    cache.flush().wait().unwrap();
    let mut connection = shared().connection();
    let keys = cache_keys(&mut connection, "swapped");
    let [a, b]: [Vec<u8>; 2] = [
        connection.get(&keys[0]).unwrap(),
        connection.get(&keys[1]).unwrap(),
    ];
    let () = connection.set(&keys[0], b).unwrap();
    let () = connection.set(&keys[1], a).unwrap();
    assert_eq!((double(1), double(2)), (2, 4));
    assert_eq!(cache.info().wait().unwrap().corrupt, 2);
}

#[test]
fn what_is_damaged_is_deleted_even_where_no_value_follows() {
    static FAILS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "failing", timeout = "5s")]
    fn sometimes(n: u32) -> Result<u32, String> {
        if FAILS.load(Ordering::Relaxed) == 1 {
            Err("failed".to_owned())
        } else {
            Ok(n)
        }
    }
    assert_eq!(sometimes(3), Ok(3));
    flush("failing");
    let mut connection = shared().connection();
    let key = cache_keys(&mut connection, "failing").remove(0);
    let () = connection.set(&key, "damaged").unwrap();
    FAILS.store(1, Ordering::Relaxed);
    assert_eq!(sometimes(3), Err("failed".to_owned()));
    eventually(|| !connection.exists::<_, bool>(&key).unwrap());
    flush("failing");
    assert_eq!(info("failing").currsize, 0);
}

#[test]
fn keys_of_the_cache_that_hold_another_type_are_mended() {
    #[handler_cache(config = config(), shards = shards(), name = "overwritten", maxsize = 2 * usize::from(shards()))]
    fn double(n: u32) -> u32 {
        n * 2
    }
    let mut connection = shared().connection();
    for _ in 0..2 {
        for tag in tags("overwritten", shards()) {
            for part in ["z", "m"] {
                let key = format!("hc:{{{tag}}}:{part}");
                let () = connection.set(key, "another type").unwrap();
            }
        }
        // Enough arguments to fill all shards.
        for n in 0..5 + 12 * u32::from(shards() - 1) {
            assert_eq!(double(n), n * 2);
        }
        flush("overwritten");
        let info = info("overwritten");
        assert_eq!(
            (info.currsize, info.not_stored),
            (2 * u64::from(shards()), 0)
        );
    }
}

#[test]
fn what_others_put_into_the_recency_set_goes_its_way() {
    #[handler_cache(config = config(), shards = shards(), name = "stuffed", maxsize = 8 * usize::from(shards()))]
    fn double(n: u32) -> u32 {
        n * 2
    }
    let cache = || cache("stuffed");
    let mut connection = shared().connection();
    let mut stuff = || {
        for tag in tags("stuffed", shards()) {
            for (score, length) in [0, 1, 15, 16, 17, 10_000].into_iter().enumerate() {
                let key = format!("hc:{{{tag}}}:z");
                let () = connection.zadd(key, "x".repeat(length), score).unwrap();
            }
        }
    };
    stuff();
    // Enough arguments to fill all shards.
    for n in 0..20 * u32::from(shards()) {
        assert_eq!(double(n), n * 2);
    }
    cache().flush().wait().unwrap();
    let full = 8 * u64::from(shards());
    let info = cache().info().wait().unwrap();
    assert_eq!((info.currsize, info.not_stored), (full, 0));
    stuff();
    assert_eq!(cache().info().wait().unwrap().currsize, full);
    stuff();
    cache().clear().wait().unwrap();
    assert_eq!(cache().info().wait().unwrap().currsize, 0);
}

#[test]
fn a_lost_clock_does_not_turn_the_order_round() {
    #[handler_cache(config = config(), shards = shards(), name = "clockless", timeout = "5s", maxsize = 3 * usize::from(shards()))]
    fn double(n: u32) -> u32 {
        n * 2
    }
    let mut connection = shared().connection();
    let arguments = in_one_shard(&mut connection, "clockless", 5, |n| {
        double(n);
    });
    for n in &arguments[..3] {
        double(*n);
    }
    flush("clockless");
    for tag in tags("clockless", shards()) {
        let () = connection.del(format!("hc:{{{tag}}}:m")).unwrap();
    }
    double(arguments[3]);
    double(arguments[4]);
    flush("clockless");
    for (place, expected) in [
        (4, CacheStatus::HitRedis),
        (3, CacheStatus::HitRedis),
        (2, CacheStatus::HitRedis),
        (0, CacheStatus::Miss),
    ] {
        let (_, outcome) = observe(|| double(arguments[place]));
        assert_eq!(outcome.unwrap().result, expected, "{place}");
        flush("clockless");
    }
}

#[test]
fn a_flushed_script_cache_is_not_noticed() {
    let server = TestRedis::start();
    static CONFIG: OnceLock<Config> = OnceLock::new();
    CONFIG.set(server.config()).unwrap();

    #[handler_cache(config = CONFIG.get().unwrap().clone(), shards = shards(), name = "scripts", maxsize = 4 * usize::from(shards()))]
    fn double(n: u32) -> u32 {
        n * 2
    }
    let cache = || cache("scripts");
    let mut connection = server.connection();
    let forget_scripts = redis::cmd("SCRIPT").arg("FLUSH").to_owned();
    let calls = 20 * u32::from(shards());
    for n in 0..calls {
        double(n);
        connection.exec_everywhere(&forget_scripts);
        cache().flush().wait().unwrap();
    }
    let info = cache().info().wait().unwrap();
    assert_eq!((info.stored, info.not_stored), (u64::from(calls), 0));
    assert_eq!(info.currsize, 4 * u64::from(shards()));
    connection.exec_everywhere(&forget_scripts);
    cache().clear().wait().unwrap();
    assert_eq!(cache().info().wait().unwrap().currsize, 0);
}
