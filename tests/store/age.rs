//! No value is answered that is older than the `ttl` in force, wherever it comes from.

use std::{
    pin::pin,
    sync::{OnceLock, mpsc},
    task::{Context, Waker},
    thread,
    time::{Duration, Instant, SystemTime},
};

use cache_tests_support::{RedisServer, Task, eventually, flush_all, run, stdout_of};
use redis_cache_runtime::{CacheStatus, handler_cache, observe, observe_async};

use crate::worker::command;

const TTL: Duration = Duration::from_millis(100);

/// The time between a body's look at the clock and its end, on a busy machine.
const SLACK: Duration = Duration::from_millis(400);

/// How old `value` was at least when it was asked for.
fn age_at(asked: SystemTime, value: SystemTime) -> Duration {
    asked.duration_since(value).unwrap_or_default()
}

/// Reads go on, writes wait: values stay on their way for long, and Redis counts from when it takes them.
#[test]
fn a_value_whose_store_is_late_is_answered_no_longer_for_that() {
    static URL: OnceLock<String> = OnceLock::new();
    #[handler_cache(url = URL.get().unwrap().as_str(), name = "late", timeout = "5s", ttl = "100ms")]
    fn now(_n: u32) -> SystemTime {
        SystemTime::now()
    }

    let server = RedisServer::start();
    URL.set(server.url()).unwrap();
    let mut admin = server.connection();
    now(0);
    flush_all();
    run(&mut admin, &["CLIENT", "PAUSE", "1500", "WRITE"]);
    let began = Instant::now();
    let mut hits = 0;
    let mut last = None;
    // For longer than writes wait, and a time to live after that.
    while began.elapsed() < Duration::from_millis(2500) {
        let asked = SystemTime::now();
        let (value, outcome) = observe(|| now(1));
        let result = outcome.unwrap().result;
        let age = age_at(asked, value);
        assert!(age < TTL + SLACK, "{age:?}, {result}");
        hits += u32::from(result.is_hit());
        last = Some(result);
        thread::sleep(Duration::from_millis(5));
    }
    assert!(hits > 0, "nothing was cached: {last:?}");
    // Recomputed values are stored again.
    eventually(|| observe(|| now(1)).1.unwrap().result == CacheStatus::HitRedis);
}

/// A follower that is polled late gets a value that was fresh when it was computed.
#[test]
fn a_follower_that_comes_late_computes_anew() {
    static URL: OnceLock<String> = OnceLock::new();
    static GATE: OnceLock<std::sync::Mutex<mpsc::Receiver<()>>> = OnceLock::new();
    #[handler_cache(url = URL.get().unwrap().as_str(), name = "late-follower", timeout = "5s", ttl = "100ms")]
    async fn now(_n: u32) -> SystemTime {
        // The first run is held up.
        _ = GATE.get().unwrap().lock().unwrap().recv();
        SystemTime::now()
    }

    let server = RedisServer::start();
    URL.set(server.url()).unwrap();
    let (open, gate) = mpsc::channel();
    GATE.set(gate.into()).unwrap();
    let leader = thread::spawn(|| pollster::block_on(now(1)));
    // The leader has begun before the follower asks.
    let mut follower = pin!(observe_async(now(1)));
    eventually(|| GATE.get().unwrap().try_lock().is_err());
    let mut nobody = Context::from_waker(Waker::noop());
    assert!(follower.as_mut().poll(&mut nobody).is_pending());
    open.send(()).unwrap();
    let first = leader.join().unwrap();
    eventually(|| first.elapsed().is_ok_and(|age| age > TTL + SLACK));
    // From now on no run is held up.
    drop(open);
    let asked = SystemTime::now();
    let (value, _) = pollster::block_on(follower);
    assert!(age_at(asked, value) < TTL + SLACK, "{value:?}");
}

/// A build with a shorter `ttl` gets no older value, though it was stored under a longer `ttl` or none.
#[test]
fn a_shortened_ttl_holds_for_what_is_stored() {
    let server = RedisServer::start();
    let ask = |ttl: Option<u64>| {
        let said = stdout_of(&mut command(&server, &Task::Age(ttl)));
        said.trim().to_owned()
    };
    for long in [Some(86_400_000), None] {
        run(&mut server.connection(), &["FLUSHALL"]);
        assert_eq!(ask(long), "miss");
        assert_eq!(ask(long), "hit_redis");
        thread::sleep(Duration::from_millis(60));
        assert_eq!(ask(Some(50)), "miss");
    }
}
