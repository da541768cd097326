//! A server that is there and says nothing.

use std::{
    sync::{Barrier, OnceLock},
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::{Direction, Fault, FaultProxy, RECOVERY, RedisServer, run, within};
use redis_cache_runtime::{CacheStatus, handler_cache, observe, observe_async};

use crate::rig::{BUDGET, Handler, RUNTIME};

#[test]
fn a_stopped_server() {
    let server = RedisServer::start();
    for handler in &handlers!(server.url(), "stopped", BUDGET, maxsize = 1000) {
        for n in 0..200 {
            handler.call(n);
        }
        handler.flush();
        handler.is_cached(1);
        server.stop();
        // Each leaves a request behind that the server will answer after all.
        thread::scope(|scope| {
            for first in [0, 50, 100, 150] {
                scope.spawn(move || {
                    for n in first..first + 10 {
                        let result = handler.call_beside_others(n);
                        assert_eq!(result, CacheStatus::ErrorOpen);
                    }
                });
            }
        });
        handler.costs_nothing();
        server.resume();
        handler.is_cached(199);
        // No caller takes the reply to another request for its own.
        for n in 0..200 {
            handler.call(n);
        }
        assert_eq!(handler.info().corrupt, 0);
        handler.recovers();
    }
}

/// No caller waits for another one's budget to run out before its own begins.
#[test]
fn many_callers_at_once() {
    static URL: OnceLock<String> = OnceLock::new();

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "many", timeout = BUDGET)]
    async fn double(n: u32) -> u32 {
        n * 2
    }

    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 3);
    URL.set(proxy.url()).unwrap();
    let call = |n| {
        RUNTIME.spawn(async move {
            let (value, outcome) = observe_async(double(n)).await;
            assert_eq!(value, n * 2);
            outcome.unwrap().result
        })
    };
    let is_cached = || {
        let hit = || RUNTIME.block_on(call(1)).unwrap() == CacheStatus::HitRedis;
        within(RECOVERY, hit);
    };
    is_cached();
    proxy.set(&[Fault::Hang]);
    let began = Instant::now();
    let calls: Vec<_> = (0..1000).map(call).collect();
    for call in calls {
        assert_eq!(RUNTIME.block_on(call).unwrap(), CacheStatus::ErrorOpen);
    }
    let took = began.elapsed();
    assert!(took < BUDGET * 100, "{took:?} for all");
    proxy.lift();
    is_cached();
}

/// More threads than connections share one: a caller that gets no reply there is not held up by the other callers.
#[test]
fn many_threads_at_once() {
    static URL: OnceLock<String> = OnceLock::new();
    const THREADS: u32 = 32;

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "many-threads", timeout = BUDGET)]
    fn triple(n: u32) -> u32 {
        n * 3
    }

    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 33);
    URL.set(proxy.url()).unwrap();
    let all_end_in = |expected| {
        let start = Barrier::new(THREADS as usize);
        let start = &start;
        thread::scope(|scope| {
            let call = |n| {
                move || {
                    start.wait();
                    let (value, outcome) = observe(|| triple(n));
                    assert_eq!(value, n * 3);
                    outcome.unwrap().result == expected
                }
            };
            let calls: Vec<_> = (0..THREADS).map(|n| scope.spawn(call(n))).collect();
            // Every thread is joined, also after one was wrong.
            let right = calls.into_iter().filter_map(|call| call.join().ok());
            right.filter(|is_right| *is_right).count() == THREADS as usize
        })
    };
    within(RECOVERY, || all_end_in(CacheStatus::HitRedis));
    proxy.set(&[Fault::Hang]);
    let began = Instant::now();
    assert!(all_end_in(CacheStatus::ErrorOpen));
    let took = began.elapsed();
    assert!(took < BUDGET * 20, "{took:?} for all");
    proxy.lift();
    within(RECOVERY, || all_end_in(CacheStatus::HitRedis));
}

#[test]
fn a_connection_that_hangs() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 4);
    for handler in &handlers!(proxy.url(), "hanging", BUDGET) {
        handler.is_cached(1);
        proxy.set(&[Fault::Hang]);
        handler.all(1..5, CacheStatus::ErrorOpen);
        handler.costs_nothing();
        proxy.lift();
        handler.recovers();
        assert_eq!(handler.info().corrupt, 0);
    }
}

fn costs_no_more_than_the_budget(direction: Direction, handlers: &[Handler], proxy: &FaultProxy) {
    for handler in handlers {
        handler.is_cached(1);
        proxy.set(&[Fault::Drop(direction)]);
        handler.all(1..5, CacheStatus::ErrorOpen);
        handler.costs_nothing();
        proxy.lift();
        handler.recovers();
    }
}

#[test]
fn requests_are_lost() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 5);
    let handlers = handlers!(proxy.url(), "requests-lost", BUDGET);
    costs_no_more_than_the_budget(Direction::Requests, &handlers, &proxy);
}

#[test]
fn replies_are_lost() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 5);
    let handlers = handlers!(proxy.url(), "replies-lost", BUDGET);
    costs_no_more_than_the_budget(Direction::Replies, &handlers, &proxy);
}

/// A router that has forgotten a connection drops its packets, and resets nothing.
#[test]
fn connections_that_were_forgotten_are_replaced() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 6);
    for handler in &handlers!(proxy.url(), "forgotten", BUDGET) {
        handler.is_cached(1);
        proxy.freeze();
        let began = Instant::now();
        assert_eq!(handler.call(1), CacheStatus::ErrorOpen);
        handler.is_cached(1);
        assert!(began.elapsed() < Duration::from_secs(4));
        handler.recovers();
    }
}

/// Calls for as long as `busy` keeps the server from answering.
fn calls_while(handler: &Handler, busy: impl FnOnce() + Send) {
    thread::scope(|scope| {
        let busy = scope.spawn(busy);
        let mut n = 0;
        while !busy.is_finished() {
            n += 1;
            handler.call(n % 50);
        }
    });
}

#[test]
fn a_server_that_sleeps() {
    let server = RedisServer::start_with(&["--enable-debug-command", "yes"]);
    for handler in &handlers!(server.url(), "sleeping", BUDGET) {
        handler.is_cached(1);
        let mut admin = server.connection();
        calls_while(handler, || {
            run(&mut admin, &["DEBUG", "SLEEP", "1.5"]);
        });
        handler.recovers();
    }
}

#[test]
fn a_server_that_another_tenant_keeps_busy() {
    const SPIN: &str = "
        local from = redis.call('TIME')
        repeat
            local now = redis.call('TIME')
        until (now[1] - from[1]) * 1000000 + now[2] - from[2] > 100000
    ";
    let server = RedisServer::start();
    for handler in &handlers!(server.url(), "time-sliced", BUDGET) {
        handler.is_cached(1);
        let mut tenant = server.connection();
        calls_while(handler, || {
            for _ in 0..12 {
                run(&mut tenant, &["EVAL", SPIN, "0"]);
            }
        });
        handler.recovers();
    }
}
