//! The metrics add up: every call, every run of a body and every write is in exactly one series.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "metrics/series.rs"]
mod series;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        LazyLock, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Waker},
    thread,
    time::Duration,
};

use cache_tests_support::{RedisServer, cache, cache_keys, eventually, flush, info};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use redis_cache_runtime::{CacheStatus, HandlerCache, handler_cache};

use self::series::Series;

static EXPORTER: LazyLock<PrometheusHandle> =
    LazyLock::new(|| PrometheusBuilder::new().install_recorder().unwrap());

/// The server of all tests: other topologies have the same metrics.
static SERVER: LazyLock<RedisServer> = LazyLock::new(RedisServer::start);

fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[test]
fn calls_of_all_kinds_are_counted_once() {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    static RUNS: AtomicU64 = AtomicU64::new(0);

    /// Refuses to be written.
    #[derive(Clone, Copy)]
    struct Unwritable(bool);

    impl serde::Serialize for Unwritable {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if self.0 {
                return Err(serde::ser::Error::custom("refused"));
            }
            serializer.serialize_unit()
        }
    }

    #[handler_cache(url = SERVER.url(), name = "kinds", maxsize = 40, timeout = "10s")]
    fn handler(n: u32, refuses: Unwritable) -> Result<u32, String> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(2));
        assert!(!n.is_multiple_of(17), "a body may panic");
        if n.is_multiple_of(7) {
            return Err("no".into());
        }
        Ok(n * 2)
    }

    let call = |n, refuses| {
        CALLS.fetch_add(1, Ordering::Relaxed);
        _ = catch_unwind(AssertUnwindSafe(|| handler(n, Unwritable(refuses))));
    };
    LazyLock::force(&EXPORTER);
    thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                for n in 0..100 {
                    call(n / 2 + thread % 2, n % 25 == 0);
                }
            });
        }
    });
    call(1, false);
    call(1, false);
    flush("kinds");
    call(1, false);
    let series = Series::of_cache("kinds");
    series.balance(count(&CALLS), count(&RUNS));

    let info = info("kinds");
    for result in [
        CacheStatus::HitRedis,
        CacheStatus::HitBuffer,
        CacheStatus::Miss,
        CacheStatus::Coalesced,
        CacheStatus::Bypass,
        CacheStatus::ErrorOpen,
        CacheStatus::Cancelled,
    ] {
        assert_eq!(series.requests(result), info.count(result), "{result}");
    }
    assert_eq!(series.requests(CacheStatus::Bypass), 32);
    assert_eq!(
        series.get("handler_cache_errors_total error_type=encode,operation=key"),
        32
    );
    for result in [
        CacheStatus::HitRedis,
        CacheStatus::Coalesced,
        CacheStatus::Miss,
    ] {
        assert!(series.requests(result) > 0, "{result}");
    }
    assert!(series.get("handler_cache_handler_duration_seconds_count outcome=cut_short") > 0);
    // Each hit saves at least the time that the body slept.
    let saved = series.sum("handler_cache_compute_saved_microseconds_total");
    assert!(saved >= 2000 * info.hits, "{saved} us");
    assert_eq!(
        series.get("handler_cache_writes_total result=stored"),
        info.stored
    );
    assert_eq!(
        series.get("handler_cache_evictions_total layer=redis,reason=size"),
        info.evicted
    );
    assert_eq!(series.get("handler_cache_entries_limit layer=redis"), 40);
    let looked_up = "handler_cache_lookup_duration_seconds_count layer=redis,outcome=";
    assert_eq!(
        series.get(&format!("{looked_up}found")),
        series.requests(CacheStatus::HitRedis)
    );
    assert_eq!(
        series.get("handler_cache_value_size_bytes_count operation=get"),
        series.requests(CacheStatus::HitRedis)
    );
    assert!(series.get(&format!("{looked_up}absent")) <= series.requests(CacheStatus::Miss));
}

#[test]
fn a_cancelled_call_is_counted_and_leaves_no_level_behind() {
    static URL: OnceLock<String> = OnceLock::new();
    static RUNS: AtomicU64 = AtomicU64::new(0);

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "cancelled", timeout = "10s")]
    async fn pending(n: u32) -> u32 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        std::future::pending::<()>().await;
        n
    }

    LazyLock::force(&EXPORTER);
    let server = RedisServer::start();
    URL.set(server.url()).unwrap();
    let level = |name: &str| Series::of("cache_name", "cancelled").get(name);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let leader = runtime.spawn(pending(1));
    eventually(|| count(&RUNS) == 1);
    assert_eq!(level("handler_cache_inflight"), 1);
    let follower = runtime.spawn(pending(1));
    eventually(|| level("handler_cache_coalesced_waiters") == 1);
    for call in [follower, leader] {
        call.abort();
        assert!(runtime.block_on(call).unwrap_err().is_cancelled());
    }
    // The caller goes away during the look-up.
    server.stop();
    let mut context = Context::from_waker(Waker::noop());
    runtime.block_on(async {
        assert!(pin!(pending(2)).poll(&mut context).is_pending());
    });
    server.resume();
    let series = Series::of_cache("cancelled");
    series.balance(3, 1);
    assert_eq!(series.requests(CacheStatus::Cancelled), 2);
}

#[test]
fn values_that_are_not_written_are_counted_by_reason() {
    #[handler_cache(url = SERVER.url(), name = "sizes", max_value_bytes = 1000, timeout = "10s")]
    fn zeros(n: usize) -> String {
        "0".repeat(n)
    }

    #[handler_cache(url = SERVER.url(), name = "blurred", timeout = "10s")]
    fn blurred(n: u32) -> Option<()> {
        // MessagePack has one word for both.
        (n > 0).then_some(())
    }

    LazyLock::force(&EXPORTER);
    for n in [10, 5000, 20, 6000] {
        zeros(n);
    }
    let series = Series::of_cache("sizes");
    series.balance(4, 4);
    assert_eq!(series.get("handler_cache_writes_total result=stored"), 2);
    assert_eq!(
        series.get("handler_cache_writes_total result=skipped_size"),
        2
    );
    assert_eq!(
        series.get("handler_cache_value_size_bytes_count operation=put"),
        2
    );

    blurred(0);
    blurred(1);
    let series = Series::of_cache("blurred");
    series.balance(2, 2);
    assert_eq!(
        series.get("handler_cache_writes_total result=not_storable"),
        1
    );
    assert_eq!(
        series.get("handler_cache_errors_total error_type=encode,operation=put"),
        1
    );
}

#[test]
fn a_wrong_setting_and_errors_are_counted() {
    #[handler_cache(url = "redis://nobody@localhost".to_owned(), name = "misset")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    #[handler_cache(url = SERVER.url(), name = "failing", timeout = "10s")]
    fn half(n: u32) -> Result<u32, String> {
        if n.is_multiple_of(2) {
            Ok(n / 2)
        } else {
            Err("odd".to_owned())
        }
    }

    LazyLock::force(&EXPORTER);
    for n in 0..3 {
        double(n);
        _ = half(n);
    }
    let series = Series::of_cache("misset");
    assert_eq!(series.requests(CacheStatus::Bypass), 3);
    assert_eq!(
        series.get("handler_cache_errors_total error_type=settings,operation=open"),
        1
    );
    let series = Series::of_cache("failing");
    series.balance(3, 3);
    assert_eq!(series.get("handler_cache_writes_total result=stored"), 2);
    assert_eq!(series.get("handler_cache_writes_total result=declined"), 1);
}

#[test]
fn damage_and_invalidations_are_counted() {
    #[handler_cache(url = SERVER.url(), name = "damaged", timeout = "10s")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    LazyLock::force(&EXPORTER);
    let cache = || cache("damaged");
    double(1);
    cache().flush().wait().unwrap();
    let mut connection = SERVER.connection();
    let key = cache_keys(&mut connection, "damaged").remove(0);
    let mut value: Vec<u8> = redis::cmd("GET").arg(&key).query(&mut connection).unwrap();
    value[30] ^= 1;
    redis::cmd("SET")
        .arg(&key)
        .arg(value)
        .exec(&mut connection)
        .unwrap();
    double(1);
    cache().flush().wait().unwrap();
    assert!(cache().invalidate((1u32,)).wait().unwrap());
    cache().clear().wait().unwrap();
    let series = Series::of_cache("damaged");
    series.balance(2, 2);
    assert_eq!(
        series.get("handler_cache_errors_total error_type=mac,operation=get"),
        1
    );
    assert_eq!(
        series.get("handler_cache_evictions_total layer=redis,reason=corrupt"),
        1
    );
    assert_eq!(
        series.get("handler_cache_invalidations_total reason=key"),
        1
    );
    assert_eq!(
        series.get("handler_cache_invalidations_total reason=clear"),
        1
    );
    assert_eq!(
        series.get("handler_cache_invalidations_total reason=epoch"),
        0
    );
}

#[test]
fn an_outage_shows_and_adds_up() {
    static URL: OnceLock<String> = OnceLock::new();
    static RUNS: AtomicU64 = AtomicU64::new(0);

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "outage", timeout = "50ms")]
    fn double(n: u32) -> u32 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        n * 2
    }

    LazyLock::force(&EXPORTER);
    let mut server = RedisServer::start();
    let password = "hunter2";
    server.add_user("app", password, cache_tests_support::LEAST_PRIVILEGE);
    URL.set(server.url_as("app", password)).unwrap();
    let endpoint = format!("{}/0", server.url());
    let of_endpoint = || Series::of("endpoint", &endpoint);
    let mut calls = 0;
    let mut call = |n| {
        calls += 1;
        double(n);
    };

    eventually(|| {
        call(1);
        Series::of("cache_name", "outage").requests(CacheStatus::HitRedis) > 0
    });
    assert_eq!(of_endpoint().get("handler_cache_connection_up"), 1);
    assert_eq!(of_endpoint().get("handler_cache_breaker_state"), 0);

    // Silent: the breaker opens.
    server.stop();
    let mut n = 100;
    eventually(|| {
        n += 1;
        call(n);
        of_endpoint().get("handler_cache_breaker_transitions_total to=open") > 0
    });
    assert_eq!(of_endpoint().get("handler_cache_breaker_state"), 2);
    server.resume();
    eventually(|| {
        call(1);
        of_endpoint().get("handler_cache_breaker_transitions_total to=closed") > 0
    });
    assert!(of_endpoint().get("handler_cache_breaker_transitions_total to=half_open") > 0);
    eventually(|| of_endpoint().get("handler_cache_connection_up") == 1);

    // Gone, and back.
    server.kill();
    eventually(|| of_endpoint().get("handler_cache_connection_up") == 0);
    for n in 0..50 {
        call(n);
    }
    server.restart();
    eventually(|| of_endpoint().get("handler_cache_connection_up") == 1);
    assert!(of_endpoint().get("handler_cache_reconnects_total") > 0);

    let series = Series::of_cache("outage");
    series.balance(calls, count(&RUNS));
    let errors = |error| {
        let series_of_error =
            format!("handler_cache_errors_total error_type={error},operation=get");
        series.get(&series_of_error)
    };
    assert!(errors("timeout") > 0);
    assert!(errors("connect") >= 50);
    let failed = series.sum("handler_cache_errors_total");
    assert!(series.requests(CacheStatus::ErrorOpen) <= failed);
    assert!(
        !EXPORTER.render().contains(password),
        "a label shows the password"
    );
}
