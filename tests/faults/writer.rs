//! Values that Redis does not take, or not as fast as they come.

use cache_tests_support::{FakeServer, RedisServer, eventually, resident};
use redis_cache_runtime::CallResult;

use crate::rig::{AT_ONCE, Handler, PATIENCE, SOON};

/// More than the queue holds and the writer can give up on meanwhile.
const CALLS: u32 = 5000;

/// What the queue holds, and one batch that is on its way.
const WAITING: u64 = 1024 + 64;

/// Look-ups go on as if nothing were the matter; what does not fit into the queue is dropped, and counted.
fn look_ups_go_on(handler: &Handler, fake: &FakeServer, answer: &str) {
    handler.is_cached(1);
    handler.flush();
    let (info, memory) = (handler.info(), resident());
    fake.answer("EVALSHA", answer);
    let (mut late, mut long) = (0, 0);
    for n in 0..CALLS {
        let began = std::time::Instant::now();
        assert_eq!(handler.call(10_000 + n), CallResult::Miss);
        let took = began.elapsed();
        late += u32::from(took > AT_ONCE);
        long += u32::from(took > AT_ONCE * 5);
    }
    // A machine that has other things to do may let some wait, whatever the cache does.
    assert!(late < CALLS / 2, "{late} calls were late");
    assert!(long < CALLS / 20, "{long} calls were very late");
    assert_eq!(handler.call(1), CallResult::HitRedis);
    let grown = resident().saturating_sub(memory);
    let not_stored = || handler.info().not_stored - info.not_stored;
    fake.be_honest();
    let dropped = not_stored();
    println!("measured a held-up writer: {dropped} of {CALLS} dropped, {grown} bytes more");
    assert!(dropped >= u64::from(CALLS) - WAITING, "{dropped} dropped");
    assert!(grown < 64 * 1024 * 1024, "{grown} bytes more");
    let stored = || handler.info().stored - info.stored;
    eventually(SOON, || stored() + not_stored() == u64::from(CALLS));
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
