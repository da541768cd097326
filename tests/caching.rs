//! Calls of annotated methods while Redis is there.

#![expect(
    clippy::items_after_statements,
    clippy::option_option,
    reason = "handlers stand where they are used, and odd types are what is tested"
)]

#[path = "caching/handle.rs"]
mod handle;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use cache_tests_support::{
    MonitorLine, Task, TestRedis, Thread, cache, cache_keys, config, flush, flush_all, forget,
    info, output_of, result_of, shards, shared, worker,
};
use redis_cache_runtime::{
    Arguments, CacheIdentity, CacheStatus, ErrorKind, HandlerCache, MaxSize, SkipInKey,
    handler_cache, observe, observe_async,
};

#[test]
fn the_second_call_is_answered_from_redis() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "second-call", timeout = "5s")]
    fn double(n: u32) -> u32 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        n * 2
    }

    let (value, outcome) = observe(|| double(4));
    assert_eq!((value, outcome.unwrap().result), (8, CacheStatus::Miss));
    flush("second-call");
    let (value, outcome) = observe(|| double(4));
    let outcome = outcome.unwrap();
    assert_eq!((value, outcome.result), (8, CacheStatus::HitRedis));
    assert_eq!(&*outcome.cache, "second-call");
    assert!(outcome.age.unwrap() < Duration::from_secs(60));
    assert_eq!(double(5), 10);
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_async_method_is_answered_from_redis() {
    struct Handler {
        runs: AtomicU32,
    }
    impl Handler {
        #[handler_cache(config = config(), shards = shards(), name = "async-method", timeout = "5s")]
        async fn handle(&self, text: &str) -> Result<String, std::fmt::Error> {
            self.runs.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(text.to_uppercase())
        }
    }

    let handler = Handler {
        runs: AtomicU32::new(0),
    };
    assert_eq!(handler.handle("a").await.unwrap(), "A");
    cache("async-method").flush().await.unwrap();
    for _ in 0..8 {
        let (value, outcome) = observe_async(handler.handle("a")).await;
        assert_eq!(value.unwrap(), "A");
        assert_eq!(outcome.unwrap().result, CacheStatus::HitRedis);
    }
    assert_eq!(handler.runs.load(Ordering::Relaxed), 1);
}

#[test]
fn a_value_is_found_before_it_has_reached_redis() {
    #[handler_cache(config = config(), shards = shards(), name = "buffered", timeout = "10s")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    assert_eq!(double(1), 2);
    flush("buffered");
    let (doubled, _) = observe(|| double(2));
    assert_eq!(doubled, 4);
    let (doubled, outcome) = observe(|| double(2));
    assert_eq!(doubled, 4);
    assert!(outcome.unwrap().result.is_hit());
}

#[test]
fn a_hit_is_one_get_and_a_miss_one_get_and_one_script() {
    #[handler_cache(config = config(), shards = shards(), name = "monitored", timeout = "5s")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    // Opens every connection that a blocking caller uses, to the servers of all shards.
    for n in 0..4 * u32::from(shards()) {
        double(n);
    }
    flush("monitored");
    double(0);
    flush("monitored");

    let monitor = shared().monitor();
    assert_eq!(result_of(|| double(0)), CacheStatus::HitRedis);
    let lines = monitor.finish("monitored");
    let commands: Vec<_> = lines.iter().map(MonitorLine::command).collect();
    assert_eq!(
        commands.first().map(String::as_str),
        Some("GET"),
        "{commands:?}"
    );
    assert_eq!(
        commands.iter().filter(|command| *command == "GET").count(),
        1,
        "{commands:?}"
    );

    flush("monitored");
    let monitor = shared().monitor();
    assert_eq!(result_of(|| double(999)), CacheStatus::Miss);
    flush("monitored");
    let lines = monitor.finish("monitored");
    let commands: Vec<_> = lines
        .iter()
        .filter(|line| !line.is_from_script())
        .map(MonitorLine::command)
        .collect();
    assert_eq!(commands, ["GET", "EVALSHA"]);
}

#[test]
fn what_was_computed_last_reaches_redis() {
    let redis = TestRedis::start_or_find();
    let name = redis.worker_cache("churn");
    let mut connection = redis.connection();
    for on in [Thread::Main, Thread::Runtime, Thread::Other] {
        for n in 0..20 {
            output_of(worker!(Task::Once { on, n }).envs(redis.environment()));
            let stored = cache_keys(&mut connection, &name);
            assert_eq!(stored.len(), 1, "{on:?} {n}");
            forget(&mut connection, &name);
        }
    }
}

#[test]
fn an_err_is_passed_on_and_not_stored() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[derive(Debug, PartialEq)]
    struct Refused;

    #[handler_cache(config = config(), shards = shards(), name = "results")]
    fn parse(text: &str) -> Result<u32, Refused> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        let n = text.parse().map_err(|_| Refused)?;
        if n > 100 {
            return Err(Refused);
        }
        Ok(n)
    }

    for _ in 0..3 {
        assert_eq!(parse("x"), Err(Refused));
        assert_eq!(parse("101"), Err(Refused));
    }
    assert_eq!(RUNS.swap(0, Ordering::Relaxed), 6);
    for _ in 0..3 {
        assert_eq!(parse("7"), Ok(7));
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}

#[test]
fn none_and_unit_are_values() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "none")]
    fn find(n: u32) -> Option<u32> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        (n > 10).then_some(n)
    }

    #[handler_cache(config = config(), shards = shards(), name = "unit")]
    fn warm_up(n: u32) {
        RUNS.fetch_add(n, Ordering::Relaxed);
    }

    for _ in 0..3 {
        assert_eq!(find(1), None);
        warm_up(10);
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), 11);
}

#[test]
fn what_messagepack_would_blur_is_computed_again_rather_than_confused() {
    #[handler_cache(config = config(), shards = shards(), name = "blurred", timeout = "5s")]
    fn find(n: u32) -> Option<Option<u32>> {
        match n {
            0 => None,
            1 => Some(None),
            n => Some(Some(n)),
        }
    }

    for _ in 0..2 {
        assert_eq!(find(0), None);
        assert_eq!(find(1), Some(None));
        assert_eq!(find(2), Some(Some(2)));
        flush("blurred");
    }
    let info = info("blurred");
    assert_eq!(
        (info.hits, info.misses, info.not_stored, info.currsize),
        (2, 4, 2, 2)
    );
}

#[test]
fn arguments_that_are_left_out_do_not_matter() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    struct Context {
        _request: u32,
    }
    impl SkipInKey for Context {}

    #[handler_cache(config = config(), shards = shards(), name = "skipped", skip(verbose))]
    fn double(n: u32, context: &Context, verbose: bool) -> u32 {
        let _ = (context, verbose);
        RUNS.fetch_add(1, Ordering::Relaxed);
        n * 2
    }

    double(1, &Context { _request: 1 }, true);
    double(1, &Context { _request: 2 }, false);
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}

/// A name that a macro writes and a name that the caller gives it are two, though they may have one text.
#[test]
fn names_of_one_text_are_all_in_the_key() {
    macro_rules! handlers {
        ($n:ident) => {
            #[handler_cache(config = config(), shards = shards(), name = "text-tuple", timeout = "5s")]
            fn tuple((n, $n): (u32, u32)) -> u32 {
                n * 10 + $n
            }

            #[handler_cache(config = config(), shards = shards(), name = "text-array", timeout = "5s")]
            async fn array((Ok($n) | Err($n)): Result<u32, u32>, [n, ..]: [u32; 3]) -> u32 {
                n * 10 + $n
            }

            #[handler_cache(config = config(), shards = shards(), name = "text-version", timeout = "5s", skip(other), version = $n)]
            fn version($n: u32, n: u32, other: u32) -> u32 {
                n * 10 + $n + other
            }
        };
    }

    handlers!(n);
    let array = |b, a| pollster::block_on(array(Err(b), [a, 0, 0]));
    for _ in 0..2 {
        for (a, b) in [(1, 2), (1, 3), (2, 2), (2, 3)] {
            assert_eq!(tuple((a, b)), a * 10 + b);
            assert_eq!(array(b, a), a * 10 + b);
            assert_eq!(version(b, a, 0), a * 10 + b);
        }
        flush_all();
    }
    assert_eq!(result_of(|| tuple((2, 3))), CacheStatus::HitRedis);
}

#[test]
fn an_identity_or_a_version_keeps_instances_apart() {
    struct Plain {
        factor: u32,
        version: u32,
    }
    impl Plain {
        #[handler_cache(config = config(), shards = shards(), name = "versioned", version = self.version)]
        fn scale(&self, n: u32) -> u32 {
            n * self.factor
        }
    }
    let a = Plain {
        factor: 2,
        version: 1,
    };
    let b = Plain {
        factor: 3,
        version: 2,
    };
    for _ in 0..2 {
        assert_eq!((a.scale(5), b.scale(5)), (10, 15));
        flush("versioned");
    }

    struct Model {
        factor: u32,
    }
    impl CacheIdentity for Model {
        fn cache_identity(&self) -> impl serde::Serialize {
            self.factor
        }
    }
    impl Model {
        #[handler_cache(config = config(), shards = shards(), name = "identity", timeout = "5s")]
        fn scale(self: Arc<Self>, n: u32) -> u32 {
            n * self.factor
        }
    }
    let (a, b) = (Arc::new(Model { factor: 2 }), Arc::new(Model { factor: 3 }));
    for _ in 0..2 {
        assert_eq!((Arc::clone(&a).scale(5), Arc::clone(&b).scale(5)), (10, 15));
        flush("identity");
    }

    // Another instance with the same identity shares.
    let same = Arc::new(Model { factor: 2 });
    assert_eq!(result_of(|| same.scale(5)), CacheStatus::HitRedis);
}

#[test]
fn maxsize_zero_is_off_and_none_is_unbounded() {
    #[handler_cache(config = config(), shards = shards(), name = "off", maxsize = 0)]
    fn off(n: u32) -> u32 {
        n
    }
    assert_eq!(result_of(|| off(1)), CacheStatus::Bypass);
    assert_eq!(result_of(|| off(1)), CacheStatus::Bypass);
    let off = info("off");
    assert_eq!((off.misses, off.maxsize, off.currsize), (2, Some(0), 0));

    #[handler_cache(config = config(), shards = shards(), name = "unbounded", timeout = "5s", maxsize = None)]
    fn unbounded(n: u32) -> u32 {
        n
    }
    for n in 0..300 {
        unbounded(n);
    }
    flush("unbounded");
    let info = info("unbounded");
    assert_eq!((info.maxsize, info.currsize, info.evicted), (None, 300, 0));
}
