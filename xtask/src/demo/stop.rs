//! The wish to end, from Ctrl-C or a signal.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// Notices Ctrl-C, and on Unix `SIGTERM` and `SIGHUP`.
#[derive(Debug)]
pub(crate) struct Stop {
    signals: Receiver<()>,
}

impl Stop {
    pub(crate) fn on_signal() -> Result<Self> {
        let (sender, signals) = mpsc::channel();
        ctrlc::set_handler(move || {
            let _ = sender.send(());
        })
        .context("Ctrl-C can't be noticed")?;
        Ok(Self { signals })
    }

    /// Waits at most `duration`, and tells whether to end.
    pub(crate) fn within(&self, duration: Duration) -> bool {
        self.signals.recv_timeout(duration) != Err(RecvTimeoutError::Timeout)
    }

    /// Fails when it is time to end.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(!self.within(Duration::ZERO), "interrupted");
        Ok(())
    }
}
