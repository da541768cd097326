//! A server that answers, but late.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::{Fault, FaultProxy, RECOVERY, RedisServer, flush, within};
use redis_cache_runtime::{CacheStatus, handler_cache, observe};

use crate::rig::{BUDGET, PATIENCE};

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
        handler.all(1..5, CacheStatus::ErrorOpen);
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

/// A fault too short to open the circuit breaker: every call still asks Redis.
#[test]
fn a_blip() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 13);
    for handler in &handlers!(proxy.url(), "blip", BUDGET) {
        let mut blips = 0;
        within(RECOVERY, || {
            handler.is_cached(1);
            proxy.set(&[Fault::Hang]);
            let began = Instant::now();
            while began.elapsed() < ms(700) {
                handler.call(1);
            }
            proxy.lift();
            let mut refused = 0;
            within(RECOVERY, || {
                let began = Instant::now();
                let result = handler.call(1);
                let at_once = began.elapsed() < BUDGET / 2;
                refused += u32::from(at_once && result == CacheStatus::ErrorOpen);
                result == CacheStatus::HitRedis
            });
            // A machine that has other things to do may have made more of it.
            let is_blip = began.elapsed() < ms(950);
            assert!(refused == 0 || !is_blip, "{}", handler.name);
            blips += u32::from(is_blip);
            blips == 3
        });
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
        handler.all([1; 20], CacheStatus::HitRedis);
        proxy.lift();
        handler.recovers();
    }
}

/// A look-up may take half the time of the body: the same server is too slow for one handler, and not for another.
#[test]
fn a_budget_that_is_too_short_is_no_fault_of_the_server() {
    static URL: OnceLock<String> = OnceLock::new();

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "quick")]
    fn quick(n: u32) -> u32 {
        thread::sleep(ms(5));
        n
    }
    #[handler_cache(url = URL.get().unwrap().as_str(), name = "costly", timeout = PATIENCE)]
    fn costly(n: u32) -> u32 {
        thread::sleep(ms(500));
        n
    }

    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 13);
    URL.set(proxy.url()).unwrap();
    costly(1);
    flush("costly");
    proxy.set(&[Fault::Latency(ms(10))]);
    let stop = AtomicBool::new(false);
    let (hits, given_up) = thread::scope(|scope| {
        let others = scope.spawn(|| {
            let calls = (0..).take_while(|_| !stop.load(Ordering::Relaxed));
            let results = calls.map(|n| observe(|| quick(n)).1.unwrap().result);
            results
                .filter(|result| *result == CacheStatus::ErrorOpen)
                .count()
        });
        let results = (0..300).map(|_| observe(|| costly(1)).1.unwrap().result);
        let hits = results
            .filter(|result| *result == CacheStatus::HitRedis)
            .count();
        stop.store(true, Ordering::Relaxed);
        (hits, others.join().unwrap())
    });
    assert!(given_up >= 50, "only {given_up} look-ups were given up");
    assert!(hits >= 285, "{hits} of 300");
}
