//! Waiting for a condition, with a deadline.

use std::thread;
use std::time::{Duration, Instant};

const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Polls `condition` until it is true. Panics at the caller's line when `deadline` has passed.
#[track_caller]
pub fn eventually(deadline: Duration, mut condition: impl FnMut() -> bool) {
    assert!(
        holds_within(deadline, &mut condition),
        "the condition did not hold within {deadline:?}"
    );
}

/// [`eventually`] for a condition that awaits something. Needs a tokio runtime with time enabled.
pub async fn eventually_async(deadline: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + deadline;
    while !condition().await {
        assert!(
            Instant::now() < end,
            "the condition did not hold within {deadline:?}"
        );
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Polls `condition` until it is true, and tells whether it became so before `deadline`.
pub(crate) fn holds_within(deadline: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + deadline;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(POLL_INTERVAL);
    }
}
