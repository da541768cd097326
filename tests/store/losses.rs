//! `flush` reports the values that are not in Redis, and why.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use cache_tests_support::{
    FakeServer, LEAST_PRIVILEGE, RedisServer, cache, commandstats, eventually, result_of, run,
};
use redis_cache_runtime::{CacheStatus, Error, ErrorKind, handler_cache};

/// The report of a flush: empty, or the reasons for which values are missing.
fn said(flushed: Result<(), Error>) -> String {
    match flushed {
        Ok(()) => String::new(),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotStored, "{error}");
            error.to_string()
        }
    }
}

fn flush(name: &str) -> String {
    said(cache(name).flush().wait())
}

fn config_set(server: &RedisServer, name: &str, value: &str) {
    run(&mut server.connection(), &["CONFIG", "SET", name, value]);
}

#[test]
fn a_flush_tells_what_is_not_in_redis_by_reason() {
    static URL: OnceLock<String> = OnceLock::new();
    #[handler_cache(url = URL.get().unwrap().as_str(), name = "lossy", timeout = "5s", max_value_bytes = 1000)]
    fn text(len: usize) -> String {
        "x".repeat(len)
    }

    let server = RedisServer::start();
    server.add_user("app", "pass", LEAST_PRIVILEGE);
    URL.set(server.url_as("app", "pass")).unwrap();
    text(1);
    assert_eq!(flush("lossy"), "");

    text(2000);
    let too_large = "1 value of `lossy` is not in Redis: 1 larger than `max_value_bytes`";
    assert_eq!(flush("lossy"), too_large);
    assert_eq!(flush("lossy"), "", "each is told once");

    config_set(&server, "maxmemory", "1");
    text(2);
    text(2000);
    text(3);
    let mixed = "3 values of `lossy` are not in Redis: 2 refused (OOM), 1 larger than \
                 `max_value_bytes`";
    assert_eq!(flush("lossy"), mixed);
    config_set(&server, "maxmemory", "0");

    let mut admin = server.connection();
    let mut user = |rule: &str| {
        run(&mut admin, &["ACL", "SETUSER", "app", rule]);
    };
    user("-set");
    text(4);
    // Within a script Redis has no code of its own for it.
    assert!(said(redis_cache_runtime::flush_all().wait()).contains("1 refused ("));
    user("+set");

    config_set(&server, "min-replicas-to-write", "1");
    text(5);
    assert!(flush("lossy").contains("1 refused (NOREPLICAS)"));
    config_set(&server, "min-replicas-to-write", "0");

    for len in 1..6 {
        text(len);
    }
    assert_eq!(flush("lossy"), "");
    assert_eq!(said(redis_cache_runtime::flush_all().wait()), "");
}

/// Values that were on their way when the server was killed.
#[test]
fn what_a_server_takes_down_with_it_is_told() {
    static URL: OnceLock<String> = OnceLock::new();
    #[handler_cache(url = URL.get().unwrap().as_str(), name = "sunk", timeout = "5s")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    let mut server = RedisServer::start();
    URL.set(server.url()).unwrap();
    double(1);
    assert_eq!(flush("sunk"), "");
    run(
        &mut server.connection(),
        &["CLIENT", "PAUSE", "60000", "WRITE"],
    );
    double(2);
    server.kill();
    let cache = cache("sunk");
    let error = cache.flush().wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    server.restart();
    eventually(|| {
        let error = cache.flush().wait().err();
        error.is_some_and(|error| error.to_string().contains("1 without a connection"))
    });
    assert_eq!(flush("sunk"), "");
    // A value of a body that runs while the server is known to be away is not stored, and not missed.
    server.kill();
    eventually(|| cache.info().wait().unwrap().unavailable.is_some());
    double(3);
    server.restart();
    eventually(|| cache.flush().wait().is_ok());
}

/// Each batch waits for seconds only as long as it may be worth it.
#[test]
fn a_server_that_puts_off_every_store_is_given_up_once() {
    static URL: OnceLock<String> = OnceLock::new();
    #[handler_cache(url = URL.get().unwrap().as_str(), name = "put-off", timeout = "5s")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    URL.set(fake.url()).unwrap();
    double(0);
    assert_eq!(flush("put-off"), "");
    fake.answer("EVALSHA", "-CLUSTERDOWN Hash slot not served\r\n");
    for n in 1..=1024 {
        double(n);
    }
    let began = Instant::now();
    let error = redis_cache_runtime::flush_all().wait().unwrap_err();
    // The batches one after the other would wait for 45 s.
    assert!(began.elapsed() < Duration::from_secs(15), "{error}");
    assert_eq!(error.kind(), ErrorKind::NotStored, "{error}");
    let lost = "1024 values of `put-off` are not in Redis: 1024 not taken in time (CLUSTERDOWN)";
    assert_eq!(error.to_string(), lost);
    let cache = cache("put-off");
    for operation in [cache.clear(), cache.flush()] {
        let began = Instant::now();
        _ = operation.wait();
        assert!(began.elapsed() < Duration::from_secs(15));
    }
    fake.be_honest();
    double(5000);
    assert_eq!(flush("put-off"), "");
    assert_eq!(cache.info().wait().unwrap().currsize, 2);
}

/// Members whose entries are gone can't be forgotten then, and stand in the way.
#[test]
fn entries_are_counted_where_nothing_can_be_written() {
    static URL: OnceLock<String> = OnceLock::new();
    #[handler_cache(url = URL.get().unwrap().as_str(), name = "uncountable", timeout = "5s", maxsize = None)]
    fn double(n: u32) -> u32 {
        n * 2
    }

    let server = RedisServer::start();
    URL.set(server.url()).unwrap();
    let mut admin = server.connection();
    for n in 0..700 {
        double(n);
        if n % 100 == 0 {
            flush("uncountable");
        }
    }
    assert_eq!(flush("uncountable"), "");
    let cache = cache("uncountable");
    assert_eq!(cache.info().wait().unwrap().currsize, 700);
    // All but the last ten are gone.
    let oldest: Vec<Vec<u8>> = redis::cmd("ZRANGE")
        .arg(&["hc:{uncountable}:z", "0", "689"])
        .query(&mut admin)
        .unwrap();
    for member in oldest {
        let digits: Vec<_> = member.iter().map(|byte| format!("{byte:02x}")).collect();
        let digits = digits.concat();
        redis::cmd("DEL")
            .arg(format!("hc:{{uncountable}}:v:{digits}"))
            .exec(&mut admin)
            .unwrap();
    }
    config_set(&server, "min-replicas-to-write", "1");
    let before = commandstats(&mut admin)["evalsha"];
    let info = cache.info().wait().unwrap();
    assert_eq!((info.currsize, info.unavailable), (10, None));
    assert!(commandstats(&mut admin)["evalsha"] - before < 10);
    let refused = cache.clear().wait().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Redis);
    assert!(refused.to_string().contains("NOREPLICAS"), "{refused}");
    config_set(&server, "min-replicas-to-write", "0");
    assert_eq!(cache.info().wait().unwrap().currsize, 10);
}

/// A clear that Redis refuses leaves nothing behind that would have later values refused.
#[test]
fn what_is_computed_after_a_refused_clear_is_stored() {
    static URL: OnceLock<String> = OnceLock::new();
    #[handler_cache(url = URL.get().unwrap().as_str(), name = "refused-clear", timeout = "5s")]
    fn doubled(n: u32) -> u32 {
        n * 2
    }

    let server = RedisServer::start();
    server.add_user("app", "pass", LEAST_PRIVILEGE);
    URL.set(server.url_as("app", "pass")).unwrap();
    doubled(1);
    let cache = cache("refused-clear");
    cache.clear().wait().unwrap();
    let mut admin = server.connection();
    let mut user = |rule: &str| {
        run(&mut admin, &["ACL", "SETUSER", "app", rule]);
    };
    for round in 2..5 {
        user("-evalsha");
        let error = cache.clear().wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Redis, "{error}");
        assert!(error.to_string().contains("NOPERM"), "{error}");
        assert!(!error.to_string().contains("Incompatible type"), "{error}");
        user("+evalsha");
        doubled(round);
        assert_eq!(flush("refused-clear"), "");
        assert_eq!(
            result_of(|| doubled(round)),
            CacheStatus::HitRedis,
            "{round}"
        );
    }
}
