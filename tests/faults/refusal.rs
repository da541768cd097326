//! A server that refuses to do as it is asked.

use std::time::{Duration, Instant};

use cache_tests_support::{
    FakeServer, LEAST_PRIVILEGE, RECOVERY, RedisServer, run, server_info, within,
};
use redis::Connection;
use redis_cache_runtime::CacheStatus;

use crate::rig::{Handler, PATIENCE};

/// Hits go on and lost stores are counted after `hinder`, and caching goes on after `mend`.
fn hits_go_on_and_stores_are_counted(
    handler: &Handler,
    hinder: impl FnOnce(),
    mend: impl FnOnce(),
) {
    for n in 0..5 {
        handler.is_cached(n);
    }
    handler.flush();
    let before = handler.info().not_stored;
    hinder();
    handler.all(0..5, CacheStatus::HitRedis);
    for n in 100..105 {
        assert_eq!(handler.call(n), CacheStatus::Miss);
        // Whether it was stored is not for the flush to say.
        _ = handler.cache().flush().wait();
    }
    handler.all(100..105, CacheStatus::Miss);
    _ = handler.cache().flush().wait();
    let not_stored = || handler.cache().info().wait().map(|info| info.not_stored);
    within(PATIENCE, || {
        not_stored().is_ok_and(|now| now - before == 10)
    });
    mend();
    handler.recovers();
    handler.is_cached(100);
}

#[test]
fn out_of_memory() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    let mut other = server.connection();
    for handler in &handlers!(server.url(), "out-of-memory", PATIENCE) {
        hits_go_on_and_stores_are_counted(
            handler,
            || run(&mut admin, &["CONFIG", "SET", "maxmemory", "1mb"]),
            || run(&mut other, &["CONFIG", "SET", "maxmemory", "0"]),
        );
    }
}

/// A store that makes room first needs no more memory than there was.
#[test]
fn out_of_memory_at_capacity() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "full", PATIENCE, maxsize = 8) {
        for n in 0..8 {
            handler.is_cached(n);
        }
        handler.flush();
        run(&mut admin, &["CONFIG", "SET", "maxmemory", "1mb"]);
        for n in 100..120 {
            assert_eq!(handler.call(n), CacheStatus::Miss);
            handler.flush();
            assert_eq!(handler.call(n), CacheStatus::HitRedis);
        }
        let info = handler.info();
        assert_eq!((info.currsize, info.not_stored), (8, 0));
        run(&mut admin, &["CONFIG", "SET", "maxmemory", "0"]);
        handler.recovers();
    }
}

#[test]
fn a_primary_that_was_demoted() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    let mut other = server.connection();
    for handler in &handlers!(server.url(), "demoted", PATIENCE) {
        hits_go_on_and_stores_are_counted(
            handler,
            // No server listens on that port, so the replica keeps its data.
            || run(&mut admin, &["REPLICAOF", "127.0.0.1", "1"]),
            || run(&mut other, &["REPLICAOF", "NO", "ONE"]),
        );
    }
}

#[test]
fn too_few_replicas() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    let mut other = server.connection();
    for handler in &handlers!(server.url(), "too-few-replicas", PATIENCE) {
        hits_go_on_and_stores_are_counted(
            handler,
            || run(&mut admin, &["CONFIG", "SET", "min-replicas-to-write", "1"]),
            || run(&mut other, &["CONFIG", "SET", "min-replicas-to-write", "0"]),
        );
    }
}

#[test]
fn a_disk_that_is_full() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    let error = "-MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk\r\n";
    for handler in &handlers!(fake.url(), "disk-full", PATIENCE) {
        for n in 0..5 {
            handler.is_cached(n);
        }
        handler.flush();
        let before = handler.info().not_stored;
        fake.answer("EVALSHA", error);
        handler.all(0..5, CacheStatus::HitRedis);
        handler.all(100..105, CacheStatus::Miss);
        handler.flush();
        fake.be_honest();
        assert_eq!(handler.info().not_stored - before, 5);
        handler.recovers();
        handler.is_cached(100);
    }
}

#[test]
fn a_replica_without_its_primary() {
    let server = RedisServer::start_with(&["--replica-serve-stale-data", "no"]);
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "orphaned", PATIENCE) {
        handler.is_cached(1);
        run(&mut admin, &["REPLICAOF", "127.0.0.1", "1"]);
        handler.all(0..20, CacheStatus::ErrorOpen);
        run(&mut admin, &["REPLICAOF", "NO", "ONE"]);
        handler.recovers();
    }
}

#[test]
fn a_server_busy_with_a_script() {
    let server = RedisServer::start_with(&["--busy-reply-threshold", "10"]);
    for handler in &handlers!(server.url(), "busy", PATIENCE) {
        handler.is_cached(1);
        let mut tenant = server.connection();
        let mut admin = server.connection();
        std::thread::scope(|scope| {
            let spin = scope.spawn(move || {
                redis::cmd("EVAL")
                    .arg(&["while true do end", "0"])
                    .exec(&mut tenant)
            });
            let is_busy = |admin: &mut Connection| {
                let pong = redis::cmd("PING").exec(admin);
                pong.is_err_and(|error| error.code() == Some("BUSY"))
            };
            within(PATIENCE, || is_busy(&mut admin));
            handler.all(0..20, CacheStatus::ErrorOpen);
            run(&mut admin, &["SCRIPT", "KILL"]);
            assert!(spin.join().unwrap().is_err());
        });
        handler.recovers();
    }
}

#[test]
fn a_password_that_was_changed() {
    let server = RedisServer::start();
    server.add_user("app", "first", LEAST_PRIVILEGE);
    let mut admin = server.connection();
    let connections = || -> u64 {
        server_info(&mut server.connection(), "stats")["total_connections_received"]
            .parse()
            .unwrap()
    };
    for handler in &handlers!(server.url_as("app", "first"), "changed-password", PATIENCE) {
        handler.is_cached(1);
        server.add_user("app", "second", LEAST_PRIVILEGE);
        run(&mut admin, &["CLIENT", "KILL", "USER", "app"]);
        handler.costs_nothing();
        let error = || handler.info().unavailable.unwrap_or_default();
        within(RECOVERY, || error().contains("WRONGPASS"));
        assert!(!error().contains("first"), "{}", error());
        let (began, before) = (Instant::now(), connections());
        while began.elapsed() < Duration::from_secs(1) {
            assert_eq!(handler.call(1), CacheStatus::ErrorOpen);
        }
        let attempts = connections() - before;
        assert!(attempts < 20, "{attempts} attempts to connect in a second");
        server.add_user("app", "first", LEAST_PRIVILEGE);
        handler.recovers();
    }
}

#[test]
fn a_password_that_is_asked_for_all_of_a_sudden() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "sudden-password", PATIENCE) {
        handler.is_cached(1);
        run(&mut admin, &["CONFIG", "SET", "requirepass", "secret"]);
        run(
            &mut admin,
            &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"],
        );
        handler.costs_nothing();
        run(&mut admin, &["CONFIG", "SET", "requirepass", ""]);
        handler.recovers();
    }
}

#[test]
fn a_right_that_was_taken_away() {
    let server = RedisServer::start();
    server.add_user("app", "first", LEAST_PRIVILEGE);
    let mut admin = server.connection();
    let mut other = server.connection();
    for handler in &handlers!(server.url_as("app", "first"), "less-rights", PATIENCE) {
        hits_go_on_and_stores_are_counted(
            handler,
            || run(&mut admin, &["ACL", "SETUSER", "app", "-zadd", "-set"]),
            || run(&mut other, &["ACL", "SETUSER", "app", "+zadd", "+set"]),
        );
        run(&mut admin, &["ACL", "SETUSER", "app", "-get"]);
        handler.all(0..5, CacheStatus::ErrorOpen);
        run(&mut admin, &["ACL", "SETUSER", "app", "+get"]);
        handler.recovers();
    }
}
