//! How long to wait before the next attempt.

use std::time::Duration;

use super::jitter;

/// Waits that double up to a bound. Each is jittered by up to a half, so that the processes of a fleet that lost their server at
/// once do not all come back at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            next: first,
            longest,
        }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(self.longest);
        wait.mul_f64(0.5 + jitter::random() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest_and_are_jittered() {
        let (mut most, longest) = (Duration::from_millis(50), Duration::from_secs(1));
        let mut backoff = Backoff::new(most, longest);
        for _ in 0..20 {
            let wait = backoff.next();
            assert!(
                wait >= most / 2 && wait <= most,
                "{wait:?} at most {most:?}"
            );
            most = (most * 2).min(longest);
        }
        assert_eq!(most, longest);
    }
}
