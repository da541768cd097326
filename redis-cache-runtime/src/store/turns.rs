//! How often, and for how long, a write is tried again.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::jitter;

const FIRST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(250);

/// After so long a write is given up: what waits behind it matters more.
const PATIENCE: Duration = Duration::from_secs(3);

/// The turns of one write, or of several that belong together.
#[derive(Debug)]
pub(super) struct Turns {
    end: Instant,
    wait: Duration,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self {
            end: Instant::now() + PATIENCE,
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
        let mut turns = Turns::new();
        let mut count = 0;
        while turns.next().await {
            count += 1;
        }
        assert!(began.elapsed() <= PATIENCE, "{:?}", began.elapsed());
        assert!(began.elapsed() >= PATIENCE / 2, "{:?}", began.elapsed());
        assert!((10..60).contains(&count), "{count}");
    }
}
