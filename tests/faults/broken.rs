//! Connections that break, and bytes that arrive in drips or not as they were sent.

use std::{thread, time::Duration};

use cache_tests_support::{Direction, Fault, FaultProxy, RedisServer};
use fastrand::Rng;
use redis_cache_runtime::CacheStatus;

use crate::rig::{BUDGET, Handler, PATIENCE};

/// About as long as a reply.
const REPLY: u64 = 180;

#[test]
fn a_connection_ends_in_the_middle_of_a_reply() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 20);
    for handler in &handlers!(proxy.url(), "cut-short", BUDGET) {
        for at in [0, 1, 4, 5, 6, 60, REPLY - 30, REPLY * 2] {
            for end in [Fault::ResetAt(at), Fault::CloseAt(at)] {
                handler.is_cached(1);
                proxy.set(&[end]);
                handler.call(1);
                handler.call(2);
                proxy.lift();
            }
        }
        handler.recovers();
        assert_eq!(handler.info().corrupt, 0);
    }
}

#[test]
fn connections_are_reset_under_load() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 21);
    for handler in &handlers!(proxy.url(), "reset", BUDGET) {
        thread::scope(|scope| {
            for first in 0..4 {
                scope.spawn(move || {
                    for n in 0..200 {
                        handler.call_beside_others(first * 5 + n % 10);
                    }
                });
            }
            for _ in 0..20 {
                proxy.cut();
                handler.call_beside_others(99);
            }
        });
        handler.recovers();
        assert_eq!(handler.info().corrupt, 0);
    }
}

#[test]
fn one_byte_at_a_time() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 22);
    for handler in &handlers!(proxy.url(), "slices", PATIENCE) {
        handler.is_cached(1);
        for size in [1, 2, 7] {
            let slice = |direction| Fault::Slice {
                direction,
                size,
                pause: Duration::ZERO,
            };
            proxy.set(&[slice(Direction::Requests), slice(Direction::Replies)]);
            handler.all([1; 5], CacheStatus::HitRedis);
            handler.call(size.try_into().unwrap());
        }
        proxy.lift();
        handler.recovers();
        assert_eq!(handler.info().corrupt, 0);
    }
}

/// No single byte takes longer than the budget, but all together do.
fn drips(handler: &Handler, proxy: &FaultProxy) {
    for n in 0..3 {
        handler.is_cached(n);
    }
    proxy.set(&[Fault::Slice {
        direction: Direction::Replies,
        size: 1,
        pause: BUDGET / 5,
    }]);
    handler.all(0..3, CacheStatus::ErrorOpen);
    proxy.lift();
    handler.recovers();
    assert_eq!(handler.info().corrupt, 0);
}

#[test]
fn drips_for_an_async_caller() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 23);
    let [_, on_runtime] = handlers!(proxy.url(), "drips-1", BUDGET);
    drips(&on_runtime, &proxy);
}

#[test]
fn drips_for_a_blocking_caller() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 24);
    let [blocking, _] = handlers!(proxy.url(), "drips-2", BUDGET);
    drips(&blocking, &proxy);
}

#[test]
fn a_narrow_line() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 25);
    for handler in &handlers!(proxy.url(), "narrow", BUDGET) {
        for n in 0..3 {
            handler.is_cached(n);
        }
        proxy.set(&[Fault::Bandwidth(1000)]);
        handler.all(0..3, CacheStatus::ErrorOpen);
        proxy.lift();
        handler.recovers();
        assert_eq!(handler.info().corrupt, 0);
    }
}

/// The flipped bit may be in a length, so that the reader takes the middle of a reply for its beginning.
#[test]
fn a_flipped_bit_on_the_way() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 26);
    let mut chance = Rng::with_seed(26);
    for handler in &handlers!(proxy.url(), "flipped", BUDGET) {
        for _ in 0..20 {
            handler.is_cached(1);
            proxy.set(&[Fault::CorruptAt(chance.u64(..REPLY * 3 / 2))]);
            for n in 1..4 {
                handler.call(n);
            }
            proxy.lift();
        }
        handler.recovers();
    }
}
