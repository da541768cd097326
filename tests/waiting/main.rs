//! Calls that end without the cache end with it, however calls wait for one another: nobody who leads follows, nobody follows
//! without a bound, and recursion does not run out of stack.
//!
//! `WAITING_SECONDS` says how long each program runs (3).

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod cancelled;
mod graphs;
mod pools;
mod recursion;
mod runtimes;
mod storm;
mod wakers;

use std::{
    env,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::shared;
use redis_cache_runtime::Config;

/// By when anything that ends has ended.
const SOON: Duration = Duration::from_secs(60);

fn config() -> Config {
    shared().config()
}

/// When a program that runs for a while is to end.
fn end() -> Instant {
    let seconds = env::var("WAITING_SECONDS").map_or(3, |seconds| seconds.parse().unwrap());
    Instant::now() + Duration::from_secs(seconds)
}

/// Runs `program` on a thread of its own. Fails where one of its steps, which it tells of, does not end; and then does not
/// wait for it.
#[track_caller]
fn ends(program: impl FnOnce(&dyn Fn(String)) + Send + 'static) {
    let (tell, told) = mpsc::channel();
    let running = thread::spawn(move || program(&|step| tell.send(step).unwrap()));
    let mut last = "its start".to_owned();
    loop {
        match told.recv_timeout(SOON) {
            Ok(step) => last = step,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs after {last}"),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    println!("{last}");
    assert!(running.join().is_ok(), "it failed after {last}");
}
