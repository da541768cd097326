//! No deadlock: calls that end without the cache end with it, however they wait for one another. No leader follows, no follower
//! waits without a bound, and recursion does not run out of stack.
//!
//! `WAITING_SECONDS` sets the length of each program in seconds (3).

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod cancelled;
mod graphs;
mod pools;
mod recursion;
mod runtimes;
mod storm;
mod wakers;

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::{DEADLINE, number_from_env};

/// The end of a program that runs for a while.
fn end() -> Instant {
    let seconds = number_from_env("WAITING_SECONDS", 3);
    Instant::now() + Duration::from_secs(seconds)
}

/// Runs `program` on a thread of its own. Fails where a step does not end, of which the program reports each; and then does
/// not wait for the program.
#[track_caller]
fn ends(program: impl FnOnce(&dyn Fn(String)) + Send + 'static) {
    let (tell, told) = mpsc::channel();
    let running = thread::spawn(move || program(&|step| tell.send(step).unwrap()));
    let mut last = "its start".to_owned();
    loop {
        match told.recv_timeout(DEADLINE) {
            Ok(step) => last = step,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs after {last}"),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    println!("{last}");
    assert!(running.join().is_ok(), "it failed after {last}");
}
