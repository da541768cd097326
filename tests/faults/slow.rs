//! A server that answers, but late.

use std::time::{Duration, Instant};

use cache_tests_support::{Fault, FaultProxy, RedisServer, eventually};
use redis_cache_runtime::CallResult;

use crate::rig::{BUDGET, PATIENCE, SOON};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn half_a_second_each_time() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 10);
    for handler in &handlers!(proxy.url(), "slow", BUDGET) {
        handler.is_cached(1);
        proxy.set(&[Fault::Latency(ms(500))]);
        handler.all(1..5, CallResult::ErrorOpen);
        handler.costs_nothing();
        proxy.lift();
        handler.recovers();
    }
}

#[test]
fn up_to_four_times_the_budget() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 11);
    for handler in &handlers!(proxy.url(), "jitter", BUDGET) {
        handler.is_cached(1);
        proxy.set(&[Fault::Jitter(BUDGET * 4)]);
        for n in 0..30 {
            handler.call(n % 5);
        }
        proxy.lift();
        handler.recovers();
        assert_eq!(handler.info().corrupt, 0);
    }
}

#[test]
fn one_answer_in_twenty() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 12);
    for handler in &handlers!(proxy.url(), "now-and-then", BUDGET) {
        handler.is_cached(1);
        proxy.set(&[Fault::Slow {
            one_in: 20,
            by: ms(200),
        }]);
        let hits = (0..200).filter(|_| handler.call(1).is_hit()).count();
        assert!(hits >= 150, "{}: {hits} hits of 200 calls", handler.name);
        proxy.lift();
        handler.recovers();
    }
}

/// Shorter than what opens a circuit breaker: nobody goes without asking.
#[test]
fn a_blip() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 13);
    for handler in &handlers!(proxy.url(), "blip", BUDGET) {
        for _ in 0..3 {
            handler.is_cached(1);
            proxy.set(&[Fault::Hang]);
            let began = Instant::now();
            while began.elapsed() < ms(700) {
                handler.call(1);
            }
            proxy.lift();
            let mut refused = 0;
            eventually(SOON, || {
                let began = Instant::now();
                let result = handler.call(1);
                let at_once = began.elapsed() < BUDGET / 2;
                refused += u32::from(at_once && result == CallResult::ErrorOpen);
                result == CallResult::HitRedis
            });
            assert_eq!(refused, 0, "{}", handler.name);
        }
        handler.recovers();
    }
}

#[test]
fn within_the_budget_it_is_worth_waiting() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 14);
    for handler in &handlers!(proxy.url(), "worth-waiting", PATIENCE) {
        handler.is_cached(1);
        proxy.set(&[Fault::Latency(ms(20)), Fault::Jitter(ms(20))]);
        handler.all([1; 20], CallResult::HitRedis);
        proxy.lift();
        handler.recovers();
    }
}
