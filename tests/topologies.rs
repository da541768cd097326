//! A cluster that changes while it is used, and a primary that its sentinels replace.

#![expect(
    clippy::unwrap_used,
    clippy::items_after_statements,
    reason = "what fails here fails the test, and handlers stand where they are used"
)]

use std::{
    collections::BTreeSet,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::{Cluster, Sentinel, cache, eventually, flush, flush_what_is_left, info};
use redis_cache_runtime::{CacheStatus, Config, handler_cache, observe, observe_async};

/// The entries of a cache on all nodes. An entry that is on its way between two nodes counts once.
fn entries(cluster: &Cluster, name: &str) -> BTreeSet<String> {
    let prefix = format!("hc:{{{name}");
    let mut found = BTreeSet::new();
    for node in 0..cluster.len() {
        if !cluster.node(node).is_running() {
            continue;
        }
        let Ok(mut connection) = redis::Client::open(cluster.node(node).url())
            .and_then(|client| client.get_connection_with_timeout(Duration::from_secs(1)))
        else {
            continue;
        };
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg("hc:*:v:*")
            .query(&mut connection)
            .unwrap_or_default();
        found.extend(keys.into_iter().filter(|key| key.starts_with(&prefix)));
    }
    found
}

/// The hits and misses of callers beside the test.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    calls: AtomicU32,
    hits: AtomicU32,
    /// The most that a call took, in microseconds.
    longest: AtomicU64,
}

impl Drop for Load {
    fn drop(&mut self) {
        println!(
            "measured {}: added at most {:.1?}, {} hits of {} calls",
            thread::current().name().unwrap_or_default(),
            Duration::from_micros(*self.longest.get_mut()),
            self.hits.get_mut(),
            self.calls.get_mut()
        );
    }
}

impl Load {
    /// Calls `call` with arguments below `bound` until it is stopped, and checks each answer.
    fn run(&self, seed: u32, bound: u32, call: impl Fn(u32) -> (u64, bool)) {
        let mut state = u64::from(seed);
        while !self.stop.load(Ordering::Relaxed) {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let n = u32::try_from(state >> 33).unwrap() % bound;
            let began = Instant::now();
            let (value, hit) = call(n);
            assert_eq!(value, square_of(n));
            let took = u64::try_from(began.elapsed().as_micros()).unwrap();
            self.longest.fetch_max(took, Ordering::Relaxed);
            self.calls.fetch_add(1, Ordering::Relaxed);
            self.hits.fetch_add(u32::from(hit), Ordering::Relaxed);
        }
    }

    /// Waits until there were so many more hits.
    fn await_hits(&self, more: u32) {
        let before = self.hits.load(Ordering::Relaxed);
        eventually(|| self.hits.load(Ordering::Relaxed) >= before + more);
    }
}

fn square_of(n: u32) -> u64 {
    u64::from(n) * u64::from(n)
}

#[test]
fn one_node_tells_of_all_and_shards_spread_over_them() {
    static URL: OnceLock<String> = OnceLock::new();
    let cluster = Cluster::start();
    URL.set(cluster.url()).unwrap();

    #[handler_cache(config = Config::new(URL.get().unwrap()), name = "spread", maxsize = 800, shards = 8)]
    fn square(n: u32) -> u64 {
        square_of(n)
    }

    for n in 0..200 {
        assert_eq!(square(n), square_of(n));
    }
    flush("spread");
    for n in 0..200 {
        let (value, outcome) = observe(|| square(n));
        assert_eq!(value, square_of(n));
        assert_eq!(outcome.unwrap().result, CacheStatus::HitRedis, "{n}");
    }
    let cache = cache("spread");
    let info = cache.info().wait().unwrap();
    assert_eq!((info.currsize, info.not_stored), (200, 0));
    assert_eq!(entries(&cluster, "spread").len(), 200);
    for node in cluster.primaries() {
        let held: usize = redis::cmd("DBSIZE")
            .query(&mut cluster.connection(node))
            .unwrap();
        assert!(held > 20, "node {node} holds {held} keys");
    }
    cache.clear().wait().unwrap();
    assert_eq!(entries(&cluster, "spread").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_async_handler_finds_its_slots() {
    static URLS: OnceLock<String> = OnceLock::new();
    let cluster = Cluster::start();
    URLS.set(cluster.urls().join(",")).unwrap();

    #[handler_cache(url = URLS.get().unwrap().as_str(), name = "slots", shards = 8)]
    async fn square(n: u32) -> u64 {
        square_of(n)
    }

    for n in 0..50 {
        assert_eq!(square(n).await, square_of(n));
    }
    cache("slots").flush().await.unwrap();
    for n in 0..50 {
        let (value, outcome) = observe_async(square(n)).await;
        assert_eq!(value, square_of(n));
        assert_eq!(outcome.unwrap().result, CacheStatus::HitRedis, "{n}");
    }
}

#[test]
fn slots_move_to_a_node_that_was_added_under_load() {
    const BOUND: usize = 64;
    static URLS: OnceLock<String> = OnceLock::new();
    let mut cluster = Cluster::start();
    URLS.set(cluster.urls().join(",")).unwrap();

    #[handler_cache(url = URLS.get().unwrap().as_str(), name = "moving", maxsize = BOUND, shards = 8)]
    fn square(n: u32) -> u64 {
        square_of(n)
    }
    #[handler_cache(url = URLS.get().unwrap().as_str(), name = "moving-async", maxsize = BOUND, shards = 8)]
    async fn square_async(n: u32) -> u64 {
        square_of(n)
    }

    let call = |n| {
        let (value, outcome) = observe(|| square(n));
        (value, outcome.unwrap().result == CacheStatus::HitRedis)
    };
    let added = cluster.add_node();
    let (load, load_async) = (Load::default(), Load::default());
    let most = AtomicU32::new(0);
    let samples = AtomicU32::new(0);
    thread::scope(|scope| {
        for seed in 0..2 {
            let load = &load;
            scope.spawn(move || load.run(seed, 100, call));
        }
        scope.spawn(|| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            load_async.run(3, 100, |n| {
                let (value, outcome) = runtime.block_on(observe_async(square_async(n)));
                (value, outcome.unwrap().result == CacheStatus::HitRedis)
            });
        });
        scope.spawn(|| {
            while !load.stop.load(Ordering::Relaxed) {
                // The nodes list their keys one after the other: a key of both rounds was there between them.
                let held = |name| {
                    let first = entries(&cluster, name);
                    first.intersection(&entries(&cluster, name)).count()
                };
                let held = held("moving#").max(held("moving-async#"));
                most.fetch_max(u32::try_from(held).unwrap(), Ordering::Relaxed);
                samples.fetch_add(1, Ordering::Relaxed);
            }
        });
        load.await_hits(100);
        load_async.await_hits(100);
        for shard in 0..8 {
            for name in ["moving", "moving-async"] {
                let slot = Cluster::slot_of(&format!("{{{name}#{shard}}}"));
                cluster.migrate_slot(slot, added);
            }
        }
        load.await_hits(200);
        load_async.await_hits(200);
        load.stop.store(true, Ordering::Relaxed);
        load_async.stop.store(true, Ordering::Relaxed);
    });
    let most = most.into_inner();
    assert!(samples.into_inner() > 10, "few samples");
    assert!(most as usize <= BOUND, "{most} entries were seen");
    // All shards live on the new node now, and fill up there.
    for n in 0..200 {
        square(n);
    }
    flush_what_is_left("moving");
    assert_eq!(entries(&cluster, "moving#").len(), BOUND);
    let info = info("moving");
    assert_eq!((info.currsize, info.corrupt), (BOUND as u64, 0));
    let held: usize = redis::cmd("DBSIZE")
        .query(&mut cluster.connection(added))
        .unwrap();
    assert!(held >= BOUND, "the new node holds {held} keys");
}

#[test]
fn a_replica_takes_the_place_of_a_killed_primary_under_load() {
    // The bound has room for all arguments: every miss is a lost value.
    const BOUND: usize = 800;
    static URLS: OnceLock<String> = OnceLock::new();
    let mut cluster = Cluster::start_with(3, 1);
    URLS.set(cluster.urls().join(",")).unwrap();

    #[handler_cache(url = URLS.get().unwrap().as_str(), name = "promoted", maxsize = BOUND, shards = 8)]
    fn square(n: u32) -> u64 {
        square_of(n)
    }

    let call = |n| {
        let (value, outcome) = observe(|| square(n));
        (value, outcome.unwrap().result == CacheStatus::HitRedis)
    };
    let load = Load::default();
    let mut promoted = None;
    thread::scope(|scope| {
        for seed in 0..2 {
            let load = &load;
            scope.spawn(move || load.run(seed, 100, call));
        }
        load.await_hits(100);
        let killed = cluster.kill_primary_of("{promoted#0}");
        cluster.wait_for_failover(killed);
        promoted = Some(Instant::now());
        load.await_hits(200);
        load.stop.store(true, Ordering::Relaxed);
    });
    // Every shard is found again, those of the killed primary included.
    eventually(|| {
        (0..100).for_each(|n| assert_eq!(square(n), square_of(n)));
        (0..100).all(|n| observe(|| square(n)).1.unwrap().result.is_hit())
    });
    let took = promoted.unwrap().elapsed();
    println!("measured a replica promoted in a cluster: hits in all shards within {took:.2?}");
    flush_what_is_left("promoted");
    let held = entries(&cluster, "promoted#").len();
    assert!(held <= 2 * BOUND, "primaries and replicas hold {held}");
    let info = info("promoted");
    assert!(info.currsize <= BOUND as u64, "{} entries", info.currsize);
    assert_eq!(info.corrupt, 0);
}

/// Look-ups of entries on other nodes go on as before.
#[test]
fn a_node_that_hangs_holds_up_no_other() {
    static URLS: OnceLock<String> = OnceLock::new();
    const ARGUMENTS: u32 = 100;
    let cluster = Cluster::start();
    URLS.set(cluster.urls().join(",")).unwrap();

    #[handler_cache(url = URLS.get().unwrap().as_str(), name = "node-hangs", maxsize = 800, shards = 8, timeout = "50ms")]
    fn square(n: u32) -> u64 {
        square_of(n)
    }

    let hits = || {
        let hits = |n: &u32| {
            let (value, outcome) = observe(|| square(*n));
            assert_eq!(value, square_of(*n));
            outcome.unwrap().result == CacheStatus::HitRedis
        };
        (0..ARGUMENTS).filter(hits).count()
    };
    eventually(|| hits() == ARGUMENTS as usize);
    let stopped = cluster.primaries()[0];
    cluster.node(stopped).stop();
    let mut rounds = Vec::new();
    // Until no call asks the stopped node any more.
    eventually(|| {
        let began = Instant::now();
        let hits = hits();
        rounds.push((hits, began.elapsed()));
        began.elapsed() < Duration::from_millis(200)
    });
    let others = rounds.iter().map(|(hits, _)| *hits).min().unwrap();
    println!("measured a node that hangs: {rounds:.1?} hits of {ARGUMENTS} calls");
    assert!(others >= ARGUMENTS as usize / 4, "{rounds:?}");
    cluster.node(stopped).resume();
    eventually(|| hits() == ARGUMENTS as usize);
}

#[test]
fn the_primary_that_the_sentinels_name_is_the_one_that_is_used() {
    static URL: OnceLock<String> = OnceLock::new();
    let mut set = Sentinel::start();
    let hosts: Vec<_> = set
        .urls()
        .iter()
        .map(|url| url.trim_start_matches("redis://").to_owned())
        .collect();
    let url = format!("redis+sentinel://{}/{}", hosts.join(","), set.master_name());
    URL.set(url).unwrap();

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "watched")]
    fn square(n: u32) -> u64 {
        square_of(n)
    }

    let call = |n| {
        let (value, outcome) = observe(|| square(n));
        (value, outcome.unwrap().result == CacheStatus::HitRedis)
    };
    let load = Load::default();
    thread::scope(|scope| {
        for seed in 0..2 {
            let load = &load;
            scope.spawn(move || load.run(seed, 50, call));
        }
        load.await_hits(100);
        let killed = set.kill_primary();
        let promoted = set.wait_for_failover(killed);
        assert_ne!(killed, promoted);
        let began = Instant::now();
        load.await_hits(200);
        let took = began.elapsed();
        println!("measured a replica promoted by sentinels: 200 hits within {took:.2?}");
        load.stop.store(true, Ordering::Relaxed);
    });
    flush_what_is_left("watched");
    let parameters = cache("watched").parameters();
    assert_eq!(parameters.endpoint, format!("{}/0", URL.get().unwrap()));
}
