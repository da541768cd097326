//! How often, and for how long, a write is tried again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::process::jitter;

const FIRST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(250);

/// After so long a write is given up: what waits behind it matters more.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where others have waited that long in vain: enough to load the scripts, and to follow a redirect.
const LITTLE_PATIENCE: Duration = Duration::from_millis(15);

/// The turns of one write, or of several that belong together.
#[derive(Debug)]
pub(super) struct Retry {
    end: Instant,
    wait: Duration,
}

impl Retry {
    pub(super) fn new() -> Self {
        Self::within(PATIENCE)
    }

    /// Hardly more than one.
    pub(super) fn few() -> Self {
        Self::within(LITTLE_PATIENCE)
    }

    fn within(patience: Duration) -> Self {
        Self {
            end: Instant::now() + patience,
            wait: FIRST,
        }
    }

    /// Waits for the next turn; false where there is none.
    pub(super) async fn next(&mut self) -> bool {
        if Instant::now() + self.wait >= self.end {
            return false;
        }
        sleep(self.wait.mul_f64(0.5 + jitter::random() / 2.0)).await;
        self.wait = (self.wait * 2).min(LONGEST);
        true
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
        assert!(began.elapsed() <= PATIENCE, "{:?}", began.elapsed());
        assert!(began.elapsed() >= PATIENCE / 2, "{:?}", began.elapsed());
        assert!((10..60).contains(&count), "{count}");
        let mut retry = Retry::few();
        assert!(retry.next().await && retry.next().await);
        while retry.next().await {}
        assert!(began.elapsed() <= PATIENCE + LITTLE_PATIENCE);
    }
}
