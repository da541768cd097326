//! Calls of annotated methods while Redis is there.

#![expect(
    clippy::items_after_statements,
    clippy::option_option,
    reason = "handlers stand where they are used, and odd types are what is tested"
)]

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

#[test]
fn a_cache_tells_of_itself_and_can_be_cleared() {
    #[handler_cache(config = config(), shards = shards(), name = "surface", maxsize = 16, timeout = "1s")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    let unknown = HandlerCache::named("surface").unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::UnknownCache);
    for n in [1, 1, 2, 2] {
        double(n);
    }
    let cache = cache("surface");
    cache.flush().wait().unwrap();
    let info = cache.info().wait().unwrap();
    assert_eq!((info.hits, info.misses, info.currsize), (2, 2, 2));
    assert_eq!(
        (info.maxsize, info.stored, info.not_stored, info.corrupt),
        (Some(16), 2, 0, 0)
    );
    assert_eq!(info.count(CacheStatus::Miss), 2);

    let parameters = cache.parameters();
    assert_eq!(parameters.name, "surface");
    assert_eq!(parameters.maxsize, MaxSize::Entries(16));
    assert_eq!(parameters.timeout, Duration::from_secs(1));
    assert_eq!(parameters.endpoint, shared().endpoint());

    cache.clear().wait().unwrap();
    assert_eq!(cache.info().wait().unwrap().currsize, 0);
    assert_eq!(result_of(|| double(1)), CacheStatus::Miss);
}

#[tokio::test]
async fn the_surface_can_be_awaited() {
    #[handler_cache(config = config(), shards = shards(), name = "awaited", timeout = "5s")]
    async fn double(n: u32) -> u32 {
        n * 2
    }
    double(1).await;
    let cache = cache("awaited");
    cache.flush().await.unwrap();
    assert_eq!(cache.info().await.unwrap().currsize, 1);
    cache.clear().await.unwrap();
    assert_eq!(cache.info().await.unwrap().currsize, 0);
}

#[test]
fn a_value_computed_before_a_clear_does_not_come_back_after_it() {
    #[handler_cache(config = config(), shards = shards(), name = "cleared-meanwhile")]
    fn double(n: u32) -> u32 {
        if n == 7 {
            cache("cleared-meanwhile").clear().wait().unwrap();
        }
        n * 2
    }
    double(1);
    assert_eq!(double(7), 14);
    let cache = cache("cleared-meanwhile");
    cache.flush().wait().unwrap();
    assert_eq!(cache.info().wait().unwrap().currsize, 0);
}

#[test]
fn a_clear_of_many_entries_takes_all() {
    #[handler_cache(config = config(), shards = shards(), name = "many", timeout = "5s", maxsize = 5000)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in 0..1500 {
        double(n);
        if n % 500 == 0 {
            flush("many");
        }
    }
    flush("many");
    let cache = cache("many");
    assert_eq!(cache.info().wait().unwrap().currsize, 1500);
    cache.clear().wait().unwrap();
    assert_eq!(cache.info().wait().unwrap().currsize, 0);
    let left = cache_keys(&mut shared().connection(), "many");
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_setting_that_fails_leaves_the_handler_alone() {
    fn panics() -> usize {
        panic!("in a setting")
    }
    #[handler_cache(config = config(), shards = shards(), maxsize = panics())]
    fn double(n: u32) -> u32 {
        n * 2
    }
    assert_eq!((double(1), double(1)), (2, 2));

    fn size() -> usize {
        usize::try_from(itself(8)).unwrap()
    }
    #[handler_cache(config = config(), shards = shards(), name = "itself", maxsize = size())]
    fn itself(n: u32) -> u32 {
        n * 2
    }
    assert_eq!(itself(1), 2);
    let maxsize = cache("itself").parameters().maxsize;
    assert_eq!(maxsize, MaxSize::Entries(16));
}

#[test]
fn one_entry_can_be_deleted() {
    struct Model {
        revision: u32,
    }
    impl CacheIdentity for Model {
        fn cache_identity(&self) -> impl serde::Serialize {
            self.revision
        }
    }
    impl Model {
        #[handler_cache(config = config(), shards = shards(), name = "invalidated", timeout = "5s", version = "v", skip(request))]
        fn predict(&self, pixels: &[f32], label: String, request: u64) -> String {
            format!("{label} {} {request}", pixels.len())
        }
    }

    let model = Model { revision: 3 };
    let call = |pixels: &[f32]| result_of(|| model.predict(pixels, "a".to_owned(), 1));
    let pixels = vec![0.5f32; 784];
    assert_eq!(call(&pixels), CacheStatus::Miss);
    assert_eq!(call(&pixels[1..]), CacheStatus::Miss);
    let cache = cache("invalidated");
    let of = |revision| {
        Arguments::from((pixels.as_slice(), "a"))
            .identity(&Model { revision })
            .version("v")
    };
    assert!(!cache.invalidate(of(4)).wait().unwrap());
    let error = cache
        .invalidate((pixels.as_slice(), "a"))
        .wait()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArguments);
    assert!(
        error.to_string().contains("`Arguments::identity`"),
        "{error}"
    );
    // The stores that are still on their way come first.
    assert!(cache.invalidate(of(3)).wait().unwrap());
    assert!(!cache.invalidate(of(3)).wait().unwrap());
    assert_eq!(call(&pixels), CacheStatus::Miss);
    assert!(call(&pixels[1..]).is_hit());
    assert_eq!(cache.info().wait().unwrap().currsize, 2);
    let error = cache.invalidate((1u32, Refuses)).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArguments);
}

/// Can't be written into a key.
struct Refuses;

impl serde::Serialize for Refuses {
    fn serialize<S: serde::Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

#[test]
fn what_is_deleted_while_it_is_computed_is_not_stored() {
    #[handler_cache(config = config(), shards = shards(), name = "deleted-early", timeout = "5s")]
    fn slow(n: u32) -> u32 {
        let cache = cache("deleted-early");
        assert!(!cache.invalidate((n,)).wait().unwrap());
        n * 2
    }

    assert_eq!(slow(4), 8);
    flush("deleted-early");
    let cache = cache("deleted-early");
    assert_eq!(cache.info().wait().unwrap().currsize, 0);
    assert_eq!(slow(4), 8);
}
