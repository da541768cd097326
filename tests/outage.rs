//! Calls while Redis is away, and when it comes back.

#![expect(
    clippy::unwrap_used,
    clippy::items_after_statements,
    reason = "what fails here fails the test, and handlers stand where they are used"
)]

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use cache_tests_support::{
    RECOVERY, Task, TestRedis, cache, eventually_async, output_of, shards, within, worker,
};
use redis_cache_runtime::{CacheStatus, Config, handler_cache, observe};

#[test]
fn a_handler_answers_without_redis_and_joins_it_when_it_appears() {
    static CONFIG: OnceLock<Config> = OnceLock::new();
    let mut server = TestRedis::start();
    CONFIG.set(server.config()).unwrap();
    server.kill();

    #[handler_cache(config = CONFIG.get().unwrap().clone(), shards = shards(), name = "late-redis")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    let began = Instant::now();
    let (value, outcome) = observe(|| double(1));
    assert_eq!(
        (value, outcome.unwrap().result),
        (2, CacheStatus::ErrorOpen)
    );
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    // As long as it is not known that Redis is away, values are kept for it: no argument comes twice.
    for n in 2..1000 {
        let (value, outcome) = observe(|| double(n));
        assert_eq!(
            (value, outcome.unwrap().result),
            (n * 2, CacheStatus::ErrorOpen)
        );
    }
    let cache = cache("late-redis");
    let info = cache.info().wait().unwrap();
    assert!(info.unavailable.is_some());
    assert_eq!(info.misses, 999);
    assert!(cache.flush().wait().is_err());
    assert!(cache.clear().wait().is_err());

    server.restart();
    within(RECOVERY, || {
        observe(|| double(3)).1.unwrap().result == CacheStatus::HitRedis
    });
}

#[tokio::test]
async fn an_async_handler_answers_without_redis_and_joins_it_when_it_appears() {
    static CONFIG: OnceLock<Config> = OnceLock::new();
    let mut server = TestRedis::start();
    CONFIG.set(server.config()).unwrap();
    server.kill();

    #[handler_cache(config = CONFIG.get().unwrap().clone(), shards = shards(), name = "late-redis-async")]
    async fn double(n: u32) -> u32 {
        n * 2
    }

    let result = async |n| {
        let (value, outcome) = redis_cache_runtime::observe_async(double(n)).await;
        assert_eq!(value, n * 2);
        outcome.unwrap().result
    };
    for n in 0..1000 {
        assert_eq!(result(n).await, CacheStatus::ErrorOpen);
    }
    server.restart();
    let hit = async || result(3).await == CacheStatus::HitRedis;
    eventually_async(hit).await;
}

#[test]
fn a_killed_server_costs_no_call_and_is_found_again() {
    static CONFIG: OnceLock<Config> = OnceLock::new();
    let mut server = TestRedis::start();
    CONFIG.set(server.config()).unwrap();

    #[handler_cache(config = CONFIG.get().unwrap().clone(), shards = shards(), name = "killed")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    let hit = |n| observe(|| double(n)).1.unwrap().result == CacheStatus::HitRedis;
    within(RECOVERY, || hit(1));
    server.kill();
    for n in 0..1000 {
        assert_eq!(double(n % 10), n % 10 * 2);
    }
    server.restart();
    within(RECOVERY, || hit(1));
}

#[test]
fn a_stopped_server_costs_no_more_than_the_budget() {
    static CONFIG: OnceLock<Config> = OnceLock::new();
    let server = TestRedis::start();
    CONFIG.set(server.config()).unwrap();

    #[handler_cache(config = CONFIG.get().unwrap().clone(), shards = shards(), name = "stopped", timeout = "20ms")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    let result = |n| {
        let (value, outcome) = observe(|| double(n));
        assert_eq!(value, n * 2);
        outcome.unwrap().result
    };
    within(RECOVERY, || result(1) == CacheStatus::HitRedis);
    server.stop();
    let mut added = Vec::new();
    for n in 0..20 {
        let began = Instant::now();
        assert_eq!(result(100 + n), CacheStatus::ErrorOpen);
        added.push(began.elapsed());
    }
    added.sort();
    assert!(added[10] < Duration::from_millis(60), "{added:?}");
    server.resume();
    within(RECOVERY, || result(1) == CacheStatus::HitRedis);
}

/// Runs the worker with these variables, and returns its standard output and its log.
fn worker(variables: &[(&str, String)]) -> (String, String) {
    let output = output_of(
        worker!(Task::Call(4))
            .env("RUST_LOG", "redis_cache_runtime=info")
            .envs(variables.iter().cloned()),
    );
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn the_environment_names_the_endpoint() {
    let redis = TestRedis::start_or_find();
    let (said, _) = worker(&redis.environment());
    assert!(said.starts_with("8 miss\n8 hit_"), "{said}");
    // The parts name one server, and no user.
    let Some(port) = redis.port() else {
        return;
    };
    let (said, _) = worker(&[
        ("HANDLER_CACHE_HOST", "127.0.0.1".to_owned()),
        ("HANDLER_CACHE_PORT", port.to_string()),
        ("HANDLER_CACHE_TIMEOUT", "10s".to_owned()),
    ]);
    assert!(
        said.starts_with("8 hit_redis\n") || said.starts_with("8 miss\n"),
        "{said}"
    );
}

#[test]
fn wrong_settings_are_named_once_and_the_handler_answers() {
    for (variable, value) in [
        ("HANDLER_CACHE_URL", "http://user:hunter2@localhost"),
        ("HANDLER_CACHE_URL", "redis://:hunter2@localhost:port"),
        ("HANDLER_CACHE_PORT", "hunter2"),
        ("HANDLER_CACHE_PORT", "65536"),
        ("HANDLER_CACHE_DB", "hunter2"),
        ("HANDLER_CACHE_TIMEOUT", "hunter2"),
    ] {
        let (said, logged) = worker(&[(variable, value.to_owned())]);
        assert_eq!(said, "8 bypass\n8 bypass\n", "{variable}={value}");
        assert_eq!(logged.matches(variable).count(), 1, "{logged}");
        assert!(!logged.contains("hunter2"), "{logged}");
    }
}
