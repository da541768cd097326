//! The back-off of writes that are tried again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{limits::WRITE_PATIENCE, process::backoff::Backoff};

const FIRST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(250);

/// The patience after a batch that was given up: enough to load the scripts, and to follow a redirect.
const LITTLE_PATIENCE: Duration = Duration::from_millis(15);

/// The retries of one write, or of a batch.
#[derive(Debug)]
pub(super) struct Retry {
    end: Instant,
    backoff: Backoff,
}

impl Retry {
    pub(super) fn new() -> Self {
        Self::within(WRITE_PATIENCE)
    }

    /// A few retries, within [`LITTLE_PATIENCE`].
    pub(super) fn few() -> Self {
        Self::within(LITTLE_PATIENCE)
    }

    fn within(patience: Duration) -> Self {
        Self {
            end: Instant::now() + patience,
            backoff: Backoff::new(FIRST, LONGEST),
        }
    }

    /// Waits for the next retry; false where its time is over.
    pub(super) async fn next(&mut self) -> bool {
        let wait = self.backoff.next();
        let has_next = Instant::now() + wait < self.end;
        if has_next {
            sleep(wait).await;
        }
        has_next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_come_to_an_end() {
        let began = Instant::now();
        let mut retry = Retry::new();
        let mut count = 0;
        while retry.next().await {
            count += 1;
        }
        assert!(began.elapsed() <= WRITE_PATIENCE, "{:?}", began.elapsed());
        assert!(
            began.elapsed() >= WRITE_PATIENCE / 2,
            "{:?}",
            began.elapsed()
        );
        assert!((10..60).contains(&count), "{count}");
        let mut retry = Retry::few();
        assert!(retry.next().await && retry.next().await);
        while retry.next().await {}
        assert!(began.elapsed() <= WRITE_PATIENCE + LITTLE_PATIENCE);
    }
}
