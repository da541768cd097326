//! A subscriber or a recorder that is in the way.

use std::process::{Child, Command, Stdio};

use cache_tests_support::eventually;

const SOON: std::time::Duration = std::time::Duration::from_secs(120);

/// Runs the worker to its end, which it comes to unless something hangs.
fn ends_well(arguments: &[&str]) {
    struct Killed(Child);
    impl Drop for Killed {
        fn drop(&mut self) {
            _ = self.0.kill();
            _ = self.0.wait();
        }
    }
    let child = Command::new(env!("CARGO_BIN_EXE_cache-worker"))
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut child = Killed(child);
    let mut status = None;
    eventually(SOON, || {
        status = child.0.try_wait().unwrap();
        status.is_some()
    });
    assert!(status.unwrap().success(), "{arguments:?}");
}

#[test]
fn a_subscriber_that_panics() {
    ends_well(&["reports", "subscriber", "panics"]);
}

#[test]
fn a_subscriber_that_blocks() {
    ends_well(&["reports", "subscriber", "blocks"]);
}

#[test]
fn a_subscriber_that_calls_handlers() {
    ends_well(&["reports", "subscriber", "calls-handlers"]);
}

#[test]
fn a_subscriber_that_asks_caches() {
    ends_well(&["reports", "subscriber", "asks-caches"]);
}

#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_panics() {
    ends_well(&["reports", "recorder", "panics"]);
}

/// On a thread of the cache; one that blocks a caller's thread blocks that call.
#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_blocks() {
    ends_well(&["reports", "recorder", "blocks"]);
}

#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_calls_handlers() {
    ends_well(&["reports", "recorder", "calls-handlers"]);
}

#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_asks_caches() {
    ends_well(&["reports", "recorder", "asks-caches"]);
}
