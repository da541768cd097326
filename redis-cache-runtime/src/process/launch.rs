//! Starts a thread of ours, once, and again where the system did not allow it.
//!
//! No thread waits for the attempt of another thread: in a child that was forked during the attempt, the other thread is gone.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

/// After an attempt has failed, the next is made so much later at the earliest.
const PAUSE: Duration = Duration::from_secs(1);

const NOT_YET: u64 = 0;
const UNDER_WAY: u64 = u64::MAX - 1;
const STARTED: u64 = u64::MAX;

/// Whether a thread has been started.
#[derive(Debug)]
pub(crate) struct Launch {
    made: Instant,
    /// One of the above, or the time at which the latest attempt failed, in milliseconds since `made`.
    state: AtomicU64,
    /// When the latest attempt began.
    begun: AtomicU64,
}

impl Default for Launch {
    fn default() -> Self {
        Self {
            made: Instant::now(),
            state: AtomicU64::new(NOT_YET),
            begun: AtomicU64::new(0),
        }
    }
}

impl Launch {
    /// Starts the thread if it does not run and an attempt is due. Returns the error of an attempt that failed.
    pub(crate) fn ensure(
        &self,
        name: &str,
        run: impl FnOnce() + Send + 'static,
    ) -> Option<io::Error> {
        let known = self.state.load(Ordering::Acquire);
        let is_due = match known {
            UNDER_WAY | STARTED => false,
            NOT_YET => true,
            failed => self.now() > failed + millis(PAUSE),
        };
        // Another thread may have begun an attempt meanwhile.
        if !is_due || !self.change(known, UNDER_WAY) {
            return None;
        }
        self.begun.store(self.now(), Ordering::Release);
        match thread::Builder::new().name(name.to_owned()).spawn(run) {
            Ok(_detached) => {
                // The new thread may have failed already, and then its failure stands.
                self.change(UNDER_WAY, STARTED);
                None
            }
            Err(error) => {
                self.failed();
                Some(error)
            }
        }
    }

    /// How long ago the latest attempt began.
    pub(crate) fn since_begun(&self) -> Duration {
        Duration::from_millis(
            self.now()
                .saturating_sub(self.begun.load(Ordering::Acquire)),
        )
    }

    /// The thread calls this where it could not do its work and ends. It is started again later.
    pub(crate) fn failed(&self) {
        self.state.store(self.now(), Ordering::Release);
    }

    /// Whether the latest attempt has failed.
    pub(crate) fn has_failed(&self) -> bool {
        !matches!(
            self.state.load(Ordering::Acquire),
            NOT_YET | UNDER_WAY | STARTED
        )
    }

    fn change(&self, from: u64, to: u64) -> bool {
        self.state
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    fn now(&self) -> u64 {
        millis(self.made.elapsed()).max(1)
    }
}

/// In milliseconds, as the state has it.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_thread_is_started_once_and_again_when_it_has_failed() {
        let launch = Launch::default();
        let (sender, started) = mpsc::channel();
        let ensure = || {
            let sender = sender.clone();
            assert!(
                launch
                    .ensure("test", move || sender.send(()).unwrap())
                    .is_none()
            );
        };
        ensure();
        started.recv().unwrap();
        ensure();
        assert!(started.try_recv().is_err() && !launch.has_failed());
        launch.failed();
        assert!(launch.has_failed());
        ensure();
        assert!(launch.has_failed(), "it is tried again only after a pause");
        while launch.has_failed() {
            ensure();
        }
        started.recv().unwrap();
    }
}
