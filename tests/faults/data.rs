//! Data that others remove behind the cache's back.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use cache_tests_support::{RedisServer, cache_keys, run};
use redis_cache_runtime::CacheStatus;

use crate::rig::{Handler, PATIENCE};

/// Fills the cache, and flushes after each value.
fn fill(handler: &Handler, arguments: std::ops::Range<u32>) {
    for n in arguments {
        handler.call(n);
    }
    handler.flush();
}

#[test]
fn a_server_that_evicts_by_itself() {
    let server = RedisServer::start_with(&["--maxmemory-policy", "allkeys-lru"]);
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "evicted", PATIENCE, maxsize = 50) {
        for round in 0..5 {
            fill(handler, 0..60);
            run(&mut admin, &["CONFIG", "SET", "maxmemory", "1mb"]);
            // Each of these values evicts others, until there are none to evict.
            for n in 0..20 {
                let big = "x".repeat(100_000);
                let set = redis::cmd("SET")
                    .arg(format!("foreign-{n}"))
                    .arg(big)
                    .exec(&mut admin);
                drop(set);
            }
            fill(handler, 30..90);
            run(&mut admin, &["CONFIG", "SET", "maxmemory", "0"]);
            fill(handler, 0..60);
            let keys = cache_keys(&mut admin, handler.name).len();
            assert!(keys <= 50, "{}: {keys} in round {round}", handler.name);
            assert!(handler.info().currsize <= 50);
        }
        handler.recovers();
    }
}

#[test]
fn scripts_that_are_forgotten_all_the_time() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "forgotten-scripts", PATIENCE, maxsize = 1000) {
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let admin = &mut admin;
            let ended = &ended;
            scope.spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    run(admin, &["SCRIPT", "FLUSH"]);
                }
            });
            for n in 0..200 {
                handler.call(n);
            }
            handler.flush();
            ended.store(true, Ordering::Relaxed);
        });
        let info = handler.info();
        assert_eq!((info.stored, info.not_stored), (200, 0), "{}", handler.name);
        handler.all(0..200, CacheStatus::HitRedis);
        handler.recovers();
    }
}

#[test]
fn everything_is_deleted() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "flushed", PATIENCE, maxsize = 4) {
        for command in ["FLUSHALL", "FLUSHDB"] {
            fill(handler, 0..4);
            handler.is_cached(3);
            run(&mut admin, &[command]);
            handler.all(0..4, CacheStatus::Miss);
            handler.flush();
            handler.all(0..4, CacheStatus::HitRedis);
            fill(handler, 10..20);
            assert_eq!(cache_keys(&mut admin, handler.name).len(), 4);
            assert_eq!(handler.info().currsize, 4);
        }
        handler.recovers();
    }
}

#[test]
fn everything_is_deleted_under_load() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "flushed-under-load", PATIENCE, maxsize = 16) {
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for n in 0..300 {
                        handler.call_beside_others(n % 32);
                    }
                });
            }
            for _ in 0..30 {
                run(&mut admin, &["FLUSHALL"]);
            }
        });
        fill(handler, 0..32);
        assert_eq!(cache_keys(&mut admin, handler.name).len(), 16);
        handler.recovers();
    }
}

#[test]
fn the_order_is_lost_and_the_values_remain() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "order-lost", PATIENCE, maxsize = 4) {
        fill(handler, 0..4);
        run(&mut admin, &["DEL", &format!("hc:{{{}}}:z", handler.name)]);
        // Only a look-up can tell that the values are still there.
        handler.all(0..4, CacheStatus::HitRedis);
        fill(handler, 10..20);
        let keys = cache_keys(&mut admin, handler.name).len();
        assert_eq!(keys, 4, "{}", handler.name);
        handler.recovers();
    }
}

#[test]
fn the_values_are_lost_and_the_order_remains() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "values-lost", PATIENCE, maxsize = 4) {
        fill(handler, 0..4);
        let keys = cache_keys(&mut admin, handler.name);
        redis::cmd("DEL").arg(keys).exec(&mut admin).unwrap();
        assert_eq!(handler.info().currsize, 0);
        handler.all(0..2, CacheStatus::Miss);
        handler.flush();
        handler.all(0..2, CacheStatus::HitRedis);
        fill(handler, 10..20);
        assert_eq!(cache_keys(&mut admin, handler.name).len(), 4);
        assert_eq!(handler.info().currsize, 4);
        handler.recovers();
    }
}
