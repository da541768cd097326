//! Callers of all kinds under random faults: each caller gets a value of its own key and version, and in time; every call is
//! counted, and memory does not grow.
//!
//! `SOAK_SECONDS` sets the length in seconds (20), and `SOAK_SEED` the faults (1); `cargo xtask soak` sets both.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod chaos;
mod load;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::{
    FaultProxy, RedisServer, cache_keys, eventually, number_from_env, resident,
};
use redis_cache_runtime::HandlerCache;

use crate::{
    chaos::Chaos,
    load::{Handler, MAXSIZE},
};

/// The growth of memory from the first half to the second, in bytes: an allocator does not give all back at once.
const GROWTH: usize = 16 * 1024 * 1024;

#[test]
fn whatever_goes_wrong_in_whatever_order() {
    let seed = number_from_env("SOAK_SEED", 1);
    let length = Duration::from_secs(number_from_env("SOAK_SECONDS", 20));
    println!("SOAK_SEED={seed}");
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), seed);
    load::set_url(proxy.url());
    let mut chaos = Chaos::new(server, proxy, seed);

    let ended = AtomicBool::new(false);
    let [mut first_half, mut second_half] = [0; 2];
    thread::scope(|scope| {
        // However this ends, the callers end as well.
        let _guard = EndOnDrop(&ended);
        load::start(scope, &ended, seed);
        let began = Instant::now();
        while began.elapsed() < length {
            load::next_version();
            chaos.strike();
            let half = if began.elapsed() < length / 2 {
                &mut first_half
            } else {
                &mut second_half
            };
            *half = resident().max(*half);
        }
    });
    println!("{first_half} bytes resident in the first half, {second_half} in the second");

    for handler in Handler::ALL {
        eventually(|| handler.hits());
        let cache = HandlerCache::named(handler.name()).unwrap();
        eventually(|| cache.flush().wait().is_ok());
        let info = cache.info().wait().unwrap();
        println!("{}: {info:?}", handler.name());
        handler.history().add_up(&info);
        let keys = cache_keys(&mut chaos.server().connection(), handler.name());
        assert!(keys.len() <= MAXSIZE, "{} entries", keys.len());
        assert!(info.currsize <= MAXSIZE as u64, "{info:?}");
    }
    assert!(second_half <= first_half + GROWTH);
    let calls: u64 = Handler::ALL
        .map(|handler| handler.history().calls())
        .iter()
        .sum();
    let late = load::late();
    assert!(late <= calls / 100, "{late} of {calls} calls took long");
    println!("{late} of {calls} calls took long");
}

struct EndOnDrop<'a>(&'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
