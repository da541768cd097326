//! Waiting for a condition, with a deadline.

use std::thread;
use std::time::{Duration, Instant};

/// The deadline of everything that a test waits for. A test that reaches it hangs: nothing that works takes as long, even
/// on a machine that is busy.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The longest time from the end of a fault until a cache is in use again.
pub const RECOVERY: Duration = Duration::from_secs(10);

const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Polls `condition` until it is true. Panics at the caller's line after [`DEADLINE`].
#[track_caller]
pub fn eventually(condition: impl FnMut() -> bool) {
    within(DEADLINE, condition);
}

/// [`eventually`] for a condition that awaits something. Needs a tokio runtime with time enabled.
pub async fn eventually_async(mut condition: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !condition().await {
        assert!(
            Instant::now() < end,
            "the condition did not hold within {DEADLINE:?}"
        );
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// [`eventually`] where the time itself is guaranteed, as [`RECOVERY`] is.
#[track_caller]
pub fn within(bound: Duration, condition: impl FnMut() -> bool) {
    assert!(
        holds_within(bound, condition),
        "the condition did not hold within {bound:?}"
    );
}

/// Polls `condition` until it is true. Returns whether it became true before `deadline`.
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
