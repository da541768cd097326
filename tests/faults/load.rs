//! Faults of Redis under the load of many callers.

use std::time::{Duration, Instant};

use cache_tests_support::{
    RECOVERY, RedisServer, Task, cache, cache_sizes, eventually, output_of, run, within, worker,
};
use redis_cache_runtime::CacheStatus;

use crate::{
    crowd::{Added, CALLERS, Crowd, Seen},
    rig::{BUDGET, PATIENCE, SLACK},
};

/// The time of a body; a look-up may take half of it.
const BODY: Duration = Duration::from_millis(5);

/// The time until the first hits after a fault: many times that of an idle machine.
const BACK: Duration = Duration::from_secs(15);

/// How long a killed server is away.
const AWAY: Duration = Duration::from_secs(10);

/// The callers, from when Redis went away to when it is used again.
fn goes_away_and_comes_back(
    what: &str,
    crowd: Crowd,
    go_away: impl FnOnce(),
    stay_away: impl FnOnce(&Crowd, Instant),
    come_back: impl FnOnce(),
) {
    let gone = Instant::now();
    go_away();
    let open = crowd.await_open(gone);
    stay_away(&crowd, gone);
    let back = Instant::now();
    let (after, before): (Vec<_>, Vec<_>) = crowd
        .between(gone, back)
        .into_iter()
        .partition(|call| call.began >= open);
    let asked = after
        .iter()
        .filter(|call| call.is_new && call.result != CacheStatus::ErrorOpen)
        .count();
    let [before, after] = [before, after].map(|calls| Added::to_bodies(&calls));
    println!(
        "measured {what}: until it was open, {:.2?}: {before}",
        open - gone
    );
    println!("measured {what}: open: {after}");
    assert!(before.percentile(50) < BUDGET / 2, "{before}");
    assert!(before.longest() < BUDGET + SLACK, "{before}");
    assert!(after.longest() < BUDGET + SLACK, "{after}");
    assert!(after.is_nothing(), "{after}");
    assert_eq!(asked, 0);

    let back = Instant::now();
    come_back();
    let first = crowd.await_hits(back, CALLERS as usize);
    let all = back.elapsed();
    println!("measured {what}: first hit after {first:.2?}, {CALLERS} after {all:.2?}");
    assert!(first < BACK + SLACK, "{first:?}");
    crowd.end();
}

#[test]
fn a_server_that_is_stopped() {
    let server = RedisServer::start();
    let crowd = crowd!(
        server.url(),
        "stopped-under-load",
        BODY,
        BUDGET,
        maxsize = 100_000
    );
    goes_away_and_comes_back(
        "a stopped server",
        crowd,
        || server.stop(),
        |crowd, _| crowd.await_calls(Instant::now(), 5000),
        || server.resume(),
    );
}

#[test]
fn a_server_that_is_killed_and_away_for_long() {
    let server = std::cell::RefCell::new(RedisServer::start());
    let url = server.borrow().url();
    let crowd = crowd!(url, "killed-under-load", BODY, BUDGET, maxsize = 100_000);
    goes_away_and_comes_back(
        "a killed server",
        crowd,
        || server.borrow_mut().kill(),
        |_, gone| eventually(|| gone.elapsed() >= AWAY),
        || server.borrow_mut().restart(),
    );
}

/// The breaker has refused no call. On a busy machine a look-up may still be given up: bodies are slow there, and so have a say in
/// how long it may take.
fn assert_always_asked(name: &str, calls: &[Seen]) {
    let without = |call: &&Seen| call.result == CacheStatus::ErrorOpen;
    let without = calls.iter().filter(without).count() as u64;
    let given_up = cache(name).info().wait().unwrap().timeouts;
    assert!(without <= given_up, "{without} of which {given_up} asked");
}

/// A cache that is empty of a sudden is no reason not to ask.
#[test]
fn everything_is_deleted() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    let crowd = crowd!(
        server.url(),
        "flushed-by-many",
        Duration::ZERO,
        PATIENCE,
        maxsize = 100_000
    );
    let began = Instant::now();
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        let flushed = Instant::now();
        run(&mut admin, &["FLUSHALL"]);
        let missed = || {
            let calls = crowd.between(flushed, Instant::now());
            let own = calls.iter().filter(|call| !call.is_new);
            own.filter(|call| call.result == CacheStatus::Miss).count()
        };
        within(RECOVERY, || missed() >= CALLERS as usize / 2);
        crowd.await_hits(Instant::now(), CALLERS as usize);
        longest = longest.max(flushed.elapsed());
    }
    let calls = crowd.between(began, Instant::now());
    assert_always_asked("flushed-by-many", &calls);
    println!(
        "measured a flushed server: {CALLERS} hits within {longest:.2?}, {}",
        Added::to_bodies(&calls)
    );
    crowd.end();
}

#[test]
fn a_bound_is_made_smaller() {
    const LARGE: usize = 5000;
    const SMALL: usize = 500;
    let server = RedisServer::start();
    let fill = Task::Shrink {
        first: 0,
        calls: LARGE as u64,
        maxsize: LARGE,
    };
    output_of(worker!(fill).env("HANDLER_CACHE_URL", server.url()));
    let mut admin = server.connection();
    let mut size = || cache_sizes(&mut admin, "shrink", 1)[0];
    let mut before = size();
    assert_eq!(before, LARGE);
    let began = Instant::now();
    let crowd = crowd!(
        server.url(),
        "shrink",
        Duration::ZERO,
        PATIENCE,
        maxsize = SMALL
    );
    within(RECOVERY, || {
        let now = size();
        assert!(now <= before, "{now} after {before}");
        before = now;
        now <= SMALL
    });
    let reached = began.elapsed();
    crowd.await_calls(began, 2000);
    let calls = crowd.between(began, Instant::now());
    println!(
        "measured a smaller bound: reached after {reached:.2?}, {}",
        Added::to_bodies(&calls)
    );
    assert_always_asked("shrink", &calls);
    crowd.end();
    let info = cache("shrink").info().wait();
    assert!(info.unwrap().currsize <= SMALL as u64);
}
