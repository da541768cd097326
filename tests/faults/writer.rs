//! Values that Redis does not take, or not as fast as they come.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use cache_tests_support::{FakeServer, RECOVERY, RedisServer, flush, info, resident, within};
use redis_cache_runtime::{CacheStatus, handler_cache};
use serde::{Deserialize, Serialize};

use crate::rig::{AT_ONCE, Handler, PATIENCE};

/// More than the queue holds and the writer can give up on meanwhile.
const CALLS: u32 = 12_000;

/// The capacity of the queue, and one batch that is on its way, in values.
const WAITING: u64 = 8 * 1024 + 64;

/// Look-ups go on as before; values that do not fit into the queue are dropped, and counted.
fn look_ups_go_on(handler: &Handler, fake: &FakeServer, answer: &str) {
    handler.is_cached(1);
    handler.flush();
    let (info, memory) = (handler.info(), resident());
    fake.answer("EVALSHA", answer);
    let (mut missed, mut late, mut long) = (0, 0, 0);
    for n in 0..CALLS {
        let began = std::time::Instant::now();
        missed += u32::from(handler.call(10_000 + n) == CacheStatus::Miss);
        let took = began.elapsed();
        late += u32::from(took > AT_ONCE);
        long += u32::from(took > AT_ONCE * 5);
    }
    // A busy machine may hold up some calls.
    assert!(missed > CALLS * 3 / 4, "{missed} look-ups were answered");
    assert!(late < CALLS / 2, "{late} calls were late");
    assert!(long < CALLS / 20, "{long} calls were very late");
    assert_eq!(handler.call(1), CacheStatus::HitRedis);
    let grown = resident().saturating_sub(memory);
    let not_stored = || handler.info().not_stored - info.not_stored;
    fake.be_honest();
    let dropped = not_stored();
    println!("measured a held-up writer: {dropped} of {CALLS} dropped, {grown} bytes more");
    assert!(dropped >= u64::from(missed) - WAITING, "{dropped} dropped");
    assert!(grown < 64 * 1024 * 1024, "{grown} bytes more");
    let stored = || handler.info().stored - info.stored;
    within(RECOVERY, || stored() + not_stored() >= u64::from(missed));
    handler.recovers();
}

#[test]
fn a_script_that_is_never_known() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    for handler in &handlers!(fake.url(), "never-known", PATIENCE, maxsize = 100_000) {
        look_ups_go_on(handler, &fake, "-NOSCRIPT No matching script\r\n");
    }
}

#[test]
fn a_shard_that_is_on_its_way() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    for handler in &handlers!(fake.url(), "on-its-way", PATIENCE, maxsize = 100_000) {
        look_ups_go_on(handler, &fake, "-TRYAGAIN the slot is on its way\r\n");
    }
}

/// A value that does not let its copies be dropped where it was made: the bare handler has none.
#[derive(Serialize, Deserialize)]
struct Original {
    n: u32,
    #[serde(skip)]
    is_copy: bool,
}

static COPIES: AtomicU32 = AtomicU32::new(0);
const CALLER: &str = "caller";

impl PartialEq for Original {
    fn eq(&self, other: &Self) -> bool {
        self.n == other.n
    }
}

impl Clone for Original {
    fn clone(&self) -> Self {
        COPIES.fetch_add(1, Ordering::Relaxed);
        Self {
            n: self.n,
            is_copy: true,
        }
    }
}

impl Drop for Original {
    fn drop(&mut self) {
        let is_here = thread::current().name() == Some(CALLER);
        assert!(!(self.is_copy && is_here), "a copy is dropped");
    }
}

#[test]
fn a_copy_that_panics_when_it_is_dropped() {
    static URL: OnceLock<String> = OnceLock::new();

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "copied", timeout = PATIENCE, maxsize = None)]
    fn original(n: u32) -> Original {
        Original { n, is_copy: false }
    }

    let server = RedisServer::start();
    URL.set(server.url()).unwrap();
    let calls = move || {
        original(0);
        flush("copied");
        // Fills the queue, so that there is no room for computed values.
        let pause = ["client", "pause", "5000", "write"];
        cache_tests_support::run(&mut server.connection(), &pause);
        for n in 1..CALLS {
            let called = catch_unwind(AssertUnwindSafe(|| original(n).n));
            assert_eq!(called.ok(), Some(n), "the copy's panic is the caller's");
        }
        let info = info("copied");
        let copies = COPIES.load(Ordering::Relaxed);
        assert!(
            info.not_stored > 0 && copies > 2000,
            "{copies} copies, {info:?}"
        );
    };
    let caller = thread::Builder::new().name(CALLER.to_owned()).spawn(calls);
    caller.unwrap().join().unwrap();
}
