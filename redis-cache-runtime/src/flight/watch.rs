//! The watch over followers that are tasks. It runs on the deadlines' thread, because the followers' own runtime may be the one
//! that is stuck.

use std::{
    sync::{Arc, Weak},
    task::{Wake, Waker},
    time::Instant,
};

use super::{Flights, running::Running};
use crate::{conn::Deadlines, key::Digest};

/// Woken by the deadlines' thread when it is time to look.
pub(super) struct Watch {
    clock: &'static Deadlines,
    flights: &'static Flights,
    digest: Digest,
    running: Weak<Running>,
}

impl Watch {
    /// Begins to watch the followers of `running`.
    pub(super) fn begin(
        clock: &'static Deadlines,
        flights: &'static Flights,
        digest: Digest,
        running: &Arc<Running>,
    ) {
        let watch = Self {
            clock,
            flights,
            digest,
            running: Arc::downgrade(running),
        };
        Arc::new(watch).wake();
    }
}

impl Wake for Watch {
    fn wake(self: Arc<Self>) {
        let Some(running) = self.running.upgrade() else {
            return;
        };
        let now = Instant::now();
        let next = self.flights.look_after(&self.digest, &running, now, true);
        if let Some(next) = next {
            let clock = self.clock;
            let deadline = clock.wake_at(next, &Waker::from(self));
            // Dropped once the state is unlocked: dropping a deadline locks the deadlines.
            let old = running.state().set_deadline(deadline);
            drop(old);
        }
    }
}
