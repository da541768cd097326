//! The caller that looks up and computes for all who wait.

use std::{pin::Pin, sync::Arc};

use super::{
    Landing,
    flights::{Entry, Flights, send_to},
    progress::{Progress, attend, watch},
};
use crate::{envelope::Contents, key::Digest, store::Epoch};

/// After this many leaders in a row without a value the followers stop waiting in line: each would otherwise
/// wait for the failures of all before it.
const PATIENCE: u32 = 2;

/// The one caller of a key that looks up and computes. However it ends, its followers hear of it: dropped without
/// a word it hands over to the next.
#[derive(Debug)]
pub(crate) struct Leader {
    flights: &'static Flights,
    digest: Digest,
    progress: Arc<Progress>,
    /// How many leaders before this one ended without a value.
    failures: u32,
    ended: bool,
}

impl Leader {
    /// The first at its key.
    pub(super) const fn first(
        flights: &'static Flights,
        digest: Digest,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            flights,
            digest,
            progress,
            failures: 0,
            ended: false,
        }
    }

    #[cfg(test)]
    pub(super) const fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// Ends if nobody waits.
    ///
    /// # Errors
    ///
    /// The leader, for those who wait.
    pub(crate) fn dismiss_alone(mut self) -> Result<(), Self> {
        self.ended = self.flights.end_alone(&self.digest, &self.progress);
        if self.ended { Ok(()) } else { Err(self) }
    }

    /// Says that a thread runs this leader now.
    pub(crate) fn attended(&self) {
        self.progress.attended();
    }

    /// Awaits a part of this leader's work. Those who wait for it learn if nobody polls it any more.
    pub(crate) async fn attend<F: Future>(&self, work: Pin<&mut F>) -> F::Output {
        attend(&self.progress, work).await
    }

    /// Says that Redis had nothing, and the body runs.
    pub(crate) fn computes(&self) {
        self.flights.computes(&self.digest, &self.progress);
    }

    /// Ends with a value that Redis has.
    pub(crate) fn land(mut self, contents: impl Fn() -> Contents) {
        self.ended = true;
        for follower in self.flights.end(&self.digest, &self.progress) {
            send_to(follower, Landing::Value(contents()));
        }
    }

    /// Ends with a value that Redis is to get; it is found here until [`Flights::settle`] is called with the
    /// ticket that `queue` gets. Where `queue` refuses, or the value is not wanted any more, it only goes to those who
    /// wait.
    pub(crate) fn land_queued(
        mut self,
        contents: &Contents,
        epoch: Epoch,
        queue: impl FnOnce(u64) -> bool,
    ) {
        self.ended = true;
        let value = (contents, epoch);
        let followers = self
            .flights
            .end_queued(&self.digest, &self.progress, value, queue);
        for follower in followers {
            send_to(follower, Landing::Value(contents.clone()));
        }
    }

    /// Ends without a value that others could use, and sends them on.
    pub(crate) fn dismiss(mut self) {
        self.ended = true;
        self.flights.abandon(&self.digest, &self.progress);
    }

    fn hand_over(&mut self) {
        if self.failures + 1 >= PATIENCE {
            return self.flights.abandon(&self.digest, &self.progress);
        }
        loop {
            let progress = Arc::new(Progress::handed_over());
            let (next, others_wait) = {
                let mut shard = self.flights.shard(&self.digest);
                let running = match shard.get_mut(&self.digest) {
                    Some(Entry::Running(running))
                        if Arc::ptr_eq(&running.progress, &self.progress) =>
                    {
                        running
                    }
                    // Another leads since.
                    _ => {
                        drop(shard);
                        return self.flights.abandon(&self.digest, &self.progress);
                    }
                };
                let next = running.followers.pop_front();
                running.progress = Arc::clone(&progress);
                running.is_looking = true;
                let others_wait = !running.followers.is_empty();
                if next.is_none() {
                    shard.remove(&self.digest);
                }
                (next, others_wait)
            };
            self.progress = Arc::clone(&progress);
            let Some(next) = next else { return };
            if others_wait {
                watch(self.flights, self.digest, &progress);
            }
            let leader = Self {
                flights: self.flights,
                digest: self.digest,
                progress,
                failures: self.failures + 1,
                ended: false,
            };
            match next.send(Landing::Lead(leader)) {
                Ok(()) => return,
                Err(refused) => {
                    // This follower has gone; the one behind it is next.
                    if let Landing::Lead(mut leader) = refused {
                        leader.ended = true;
                    }
                }
            }
        }
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if !self.ended {
            self.ended = true;
            self.hand_over();
        }
    }
}
