//! A server that gets rid of its clients.

use std::{sync::OnceLock, thread, time::Instant};

use cache_tests_support::{RECOVERY, RedisServer, cache, clients, run, within};
use redis_cache_runtime::{CacheStatus, Outcome, handler_cache, observe, observe_async};

use crate::rig::{BUDGET, PATIENCE, RUNTIME};

const KILL_ALL: [&str; 6] = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];

#[test]
fn clients_are_killed() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "killed-clients", BUDGET) {
        for _ in 0..20 {
            handler.is_cached(1);
            run(&mut admin, &KILL_ALL);
            handler.call(1);
            handler.call(2);
        }
        handler.recovers();
        // One of the background thread, one of the runtime, four for blocking callers, and this one's.
        within(RECOVERY, || clients(&mut admin) <= 7);
    }
}

#[test]
fn idle_clients_are_closed() {
    let server = RedisServer::start_with(&["--timeout", "1"]);
    for handler in &handlers!(server.url(), "idle", BUDGET) {
        handler.is_cached(1);
        // A connection of its own each time, which is not idle.
        let count = || clients(&mut server.connection());
        let before = count();
        within(RECOVERY, || count() < before);
        handler.call(1);
        handler.recovers();
    }
}

#[test]
fn too_many_clients() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "too-many-clients", BUDGET) {
        handler.is_cached(1);
        run(&mut admin, &["CONFIG", "SET", "maxclients", "1"]);
        run(&mut admin, &KILL_ALL);
        handler.costs_nothing();
        run(&mut admin, &["CONFIG", "SET", "maxclients", "1000"]);
        handler.recovers();
    }
}

/// The server accepts no client beyond those that are connected: further threads do without a connection of
/// their own, and do not try again and again.
#[test]
fn a_server_that_takes_no_further_client() {
    static URL: OnceLock<String> = OnceLock::new();
    const THREADS: u32 = 16;

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "no-further-client", timeout = PATIENCE)]
    fn triple(n: u32) -> u32 {
        n * 3
    }

    let server = RedisServer::start();
    URL.set(server.url()).unwrap();
    let mut admin = server.connection();
    assert_eq!(triple(0), 0);
    let cache = cache("no-further-client");
    cache.flush().wait().unwrap();
    // The administrator's, and the link's.
    run(&mut admin, &["CONFIG", "SET", "maxclients", "2"]);
    let received = |admin: &mut redis::Connection| {
        let stats: String = redis::cmd("INFO").arg("stats").query(admin).unwrap();
        let line = |line: &str| {
            let count = line.strip_prefix("rejected_connections:")?;
            count.trim().parse::<u64>().ok()
        };
        stats.lines().find_map(line).unwrap()
    };
    let call_at_once = || {
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for n in 0..100 {
                        assert_eq!(triple(n), n * 3);
                    }
                });
            }
        });
    };
    call_at_once();
    cache.flush().wait().unwrap();
    let before = cache.info().wait().unwrap();
    let began = Instant::now();
    call_at_once();
    let after = cache.info().wait().unwrap();
    assert_eq!(after.misses, before.misses, "{after:?}");
    assert_eq!(after.corrupt, before.corrupt, "{after:?}");
    // A lane and a connection of the pool, once a second each.
    let attempts = 2 * (began.elapsed().as_secs() + 2) + 4;
    let rejected = received(&mut admin);
    assert!(
        rejected > 0 && rejected <= attempts,
        "{rejected} of {attempts}"
    );
}

/// The server closes the connection of a client that does not read a large reply at once.
#[test]
fn replies_beyond_the_output_buffer() {
    static URL: OnceLock<String> = OnceLock::new();
    const SIZE: usize = 1024 * 1024;
    type Call = fn(u8) -> (String, Option<Outcome>);

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "output-buffer", timeout = PATIENCE)]
    fn blocking(n: u8) -> String {
        char::from(n).to_string().repeat(SIZE)
    }

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "output-buffer-async", timeout = PATIENCE)]
    async fn on_runtime(n: u8) -> String {
        char::from(n).to_string().repeat(SIZE)
    }

    let server = RedisServer::start();
    URL.set(server.url()).unwrap();
    let mut admin = server.connection();
    let calls: [Call; 2] = [
        |n| observe(|| blocking(n)),
        |n| RUNTIME.block_on(observe_async(on_runtime(n))),
    ];
    for call in calls {
        let result = |n| {
            let (value, outcome) = call(n);
            assert!(value.len() == SIZE && value.bytes().all(|byte| byte == n));
            outcome.unwrap().result
        };
        within(RECOVERY, || result(b'x') == CacheStatus::HitRedis);
        let limit = |limit| ["CONFIG", "SET", "client-output-buffer-limit", limit];
        run(&mut admin, &limit("normal 100000 0 0"));
        let results = [(); 5].map(|()| result(b'x'));
        assert!(results.contains(&CacheStatus::ErrorOpen), "{results:?}");
        run(&mut admin, &limit("normal 0 0 0"));
        within(RECOVERY, || result(b'x') == CacheStatus::HitRedis);
    }
}
