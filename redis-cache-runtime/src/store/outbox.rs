//! What one cache has to tell Redis, in the order in which it happened.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use arc_swap::ArcSwap;
use bytes::Bytes;

use super::{
    epoch::{Epoch, Generation, Invalidated, Known},
    names::{Member, member},
    touches::Touches,
};
use crate::{
    envelope::Contents,
    error::{Error, ErrorKind},
    key::Digest,
};

/// The most values that may wait to be written.
const JOBS: usize = 1024;

/// The most bytes of values that may wait to be written.
const BYTES: usize = 64 * 1024 * 1024;

/// How many jobs go out together: one system call for all, and one round trip.
pub(super) const BATCH: usize = 64;

/// A batch takes no more jobs once it holds so many bytes.
pub(super) const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// So many different entries may be touched before the touches are sent without waiting for more.
const TOUCHES: usize = 4096;

/// One thing to tell Redis.
#[derive(Debug)]
pub(crate) enum Job {
    /// Write a value, after the touches that came before it.
    Store {
        touches: Vec<Member>,
        digest: Digest,
        ticket: u64,
        /// What was known when the body began.
        known: Known,
        contents: Contents,
    },
    /// Record that entries were used.
    Touch { touches: Vec<Member> },
    /// Delete what is not a value, if it still is what was found; `None` where the key is no string.
    Heal {
        digest: Digest,
        found: Option<Bytes>,
    },
    /// Delete one entry.
    Invalidate { digest: Digest, done: Done },
    /// Delete all entries.
    Clear { generation: Generation, done: Done },
    /// Say when everything before this has been told.
    Flush { done: Done },
}

impl Job {
    /// Whether somebody waits for this very job to end.
    pub(super) const fn is_waited_for(&self) -> bool {
        match self {
            Self::Invalidate { .. } | Self::Clear { .. } | Self::Flush { .. } => true,
            Self::Store { .. } | Self::Touch { .. } | Self::Heal { .. } => false,
        }
    }
}

/// Called when a job has ended, with the number of entries that it has deleted.
pub(crate) struct Done(Box<dyn FnOnce(Result<u64, Error>) + Send + Sync>);

impl Done {
    pub(crate) fn new(told: impl FnOnce(Result<u64, Error>) + Send + Sync + 'static) -> Self {
        Self(Box::new(told))
    }

    pub(crate) fn tell(self, result: Result<u64, Error>) {
        (self.0)(result);
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Done")
    }
}

/// What became of a store that was to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued {
        /// Whether it is time to send: a batch is full.
        is_due: bool,
    },
    /// Too much waits already.
    Full,
    /// The cache was cleared after the call began, or may have been.
    Overtaken,
}

impl Pushed {
    pub(crate) const fn is_queued(self) -> bool {
        matches!(self, Self::Queued { .. })
    }
}

/// The queue of one cache. One lock orders touches and stores as they happened, which is what makes the eviction order
/// exact.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Written under the lock.
    epoch: ArcSwap<Epoch>,
    /// Stores that have been queued and have not ended.
    unsettled: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Job>,
    bytes: usize,
    /// How many of `jobs` are stores.
    stores: usize,
    touches: Touches,
    /// Clears that Redis has not been told of: what it says of the latest is not news until then.
    clears: usize,
}

impl Outbox {
    /// To be asked when a body begins, and shown when its value is stored.
    pub(crate) fn epoch(&self) -> Epoch {
        **self.epoch.load()
    }

    /// Whether Redis has not said yet what came before: a body that begins now may have begun before a clear.
    pub(crate) fn is_unaware(&self) -> bool {
        self.epoch.load().known.generation == Generation::Unknown
    }

    /// Takes in what Redis says first. Whoever has stored since knows better.
    pub(super) fn learn_first(&self, known: Known) {
        let state = self.state();
        if state.clears == 0 && self.is_unaware() {
            let epoch = self.epoch();
            self.epoch.store(Epoch { known, ..epoch }.into());
        }
    }

    /// Takes in what Redis says with its answer to the latest write. Tells whether there was a clear that this process did
    /// not know of.
    pub(super) fn learn(&self, known: Known) -> bool {
        if self.epoch.load().known == known {
            return false;
        }
        let state = self.state();
        if state.clears > 0 {
            return false;
        }
        let Epoch { count, known: old } = self.epoch();
        let is_news = old.generation != known.generation && old.generation != Generation::Unknown;
        let count = count + u64::from(is_news);
        self.epoch.store(Epoch { count, known }.into());
        drop(state);
        is_news
    }

    /// Takes in how Redis has numbered an invalidation.
    pub(super) fn learn_invalidated(&self, invalidated: Invalidated) {
        let state = self.state();
        if state.clears == 0 {
            let mut epoch = self.epoch();
            epoch.known.invalidated = invalidated;
            self.epoch.store(epoch.into());
        }
    }

    /// Queues a value.
    pub(crate) fn push_store(
        &self,
        epoch: Epoch,
        digest: Digest,
        ticket: u64,
        contents: Contents,
    ) -> Pushed {
        let mut state = self.state();
        let is_unaware = epoch.known.generation == Generation::Unknown;
        if is_unaware || self.epoch().count != epoch.count {
            return Pushed::Overtaken;
        }
        let bytes = contents.sealed_len();
        if state.stores >= JOBS || state.bytes + bytes > BYTES {
            return Pushed::Full;
        }
        state.bytes += bytes;
        state.stores += 1;
        self.unsettled.fetch_add(1, Ordering::Relaxed);
        let touches = state.touches.take();
        state.jobs.push_back(Job::Store {
            touches,
            digest,
            ticket,
            known: epoch.known,
            contents,
        });
        Pushed::Queued {
            is_due: state.stores >= BATCH || state.bytes >= BATCH_BYTES,
        }
    }

    /// Whether a store has been queued and has not ended.
    pub(crate) fn has_unsettled(&self) -> bool {
        self.unsettled.load(Ordering::Relaxed) > 0
    }

    /// To be told of each store that has ended.
    pub(crate) fn settled(&self) {
        self.unsettled.fetch_sub(1, Ordering::Relaxed);
    }

    /// Records that an entry was used. Tells whether the writer should learn of it: at the first of a
    /// series, to start its clock, and when there are too many to wait any longer.
    pub(crate) fn touch(&self, digest: &Digest) -> bool {
        let mut state = self.state();
        let first = state.touches.add(member(digest));
        if state.touches.len() < TOUCHES {
            return first;
        }
        let touches = state.touches.take();
        state.jobs.push_back(Job::Touch { touches });
        true
    }

    /// Queues the removal of what is not a value.
    pub(crate) fn push_heal(&self, digest: Digest, found: Option<Bytes>) {
        let mut state = self.state();
        let size = found.as_ref().map_or(0, Bytes::len);
        // A full queue means that Redis is in trouble; the next look-up will find the same again.
        if state.jobs.len() < JOBS && state.bytes + size <= BYTES {
            state.bytes += size;
            state.jobs.push_back(Job::Heal { digest, found });
        }
    }

    /// Queues the removal of all entries, instead of the stores that have not been sent.
    /// Gives back how many those were.
    pub(crate) fn push_clear(&self, done: Done) -> usize {
        let mut state = self.state();
        let generation = Generation::new();
        let epoch = Epoch {
            count: self.epoch().count + 1,
            known: Known {
                generation,
                invalidated: Invalidated::default(),
            },
        };
        self.epoch.store(epoch.into());
        state.touches.take();
        let dropped = state.stores;
        state.jobs.retain(Job::is_waited_for);
        self.unsettled.fetch_sub(dropped, Ordering::Relaxed);
        state.bytes = 0;
        state.stores = 0;
        state.clears += 1;
        state.jobs.push_back(Job::Clear { generation, done });
        dropped
    }

    /// To be told of each clear that has ended.
    pub(super) fn cleared(&self) {
        self.state().clears -= 1;
    }

    /// Queues the removal of one entry, after the stores that came before.
    pub(crate) fn push_invalidate(&self, digest: Digest, done: Done) {
        let mut state = self.state();
        if state.jobs.len() < JOBS {
            state.jobs.push_back(Job::Invalidate { digest, done });
        } else {
            drop(state);
            done.tell(Err(Error::new(
                ErrorKind::Unavailable,
                "too much waits to be told to Redis",
            )));
        }
    }

    /// Queues a marker.
    pub(crate) fn push_flush(&self, done: Done) {
        let mut state = self.state();
        if state.touches.len() > 0 {
            let touches = state.touches.take();
            state.jobs.push_back(Job::Touch { touches });
        }
        state.jobs.push_back(Job::Flush { done });
    }

    /// Takes the next job, and touches once they have waited long enough.
    pub(crate) fn pop(&self, now: Instant) -> Option<Job> {
        let mut state = self.state();
        if let Some(job) = state.jobs.pop_front() {
            match &job {
                Job::Store { contents, .. } => {
                    state.bytes -= contents.sealed_len();
                    state.stores -= 1;
                }
                Job::Heal {
                    found: Some(found), ..
                } => state.bytes -= found.len(),
                Job::Heal { .. }
                | Job::Touch { .. }
                | Job::Invalidate { .. }
                | Job::Clear { .. }
                | Job::Flush { .. } => {}
            }
            return Some(job);
        }
        state.touches.due().filter(|due| *due <= now)?;
        Some(Job::Touch {
            touches: state.touches.take(),
        })
    }

    /// When touches that wait now are to be sent.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.state().touches.due()
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Digest = [1; 32];
    const B: Digest = [2; 32];
    const FIRST: Epoch = Epoch {
        count: 0,
        known: NOTHING,
    };
    const NOTHING: Known = Known {
        generation: Generation::None,
        invalidated: Invalidated {
            base: None,
            number: 0,
        },
    };

    fn cleared() -> Known {
        Known {
            generation: Generation::new(),
            ..NOTHING
        }
    }

    fn push(outbox: &Outbox, epoch: Epoch, digest: Digest) -> Pushed {
        outbox.push_store(epoch, digest, 0, Contents::unread("contents"))
    }

    #[test]
    fn a_store_carries_the_touches_before_it_each_once_by_last_use() {
        let outbox = Outbox::default();
        assert!(outbox.touch(&A));
        assert!(!outbox.touch(&B));
        assert!(!outbox.touch(&A));
        assert!(push(&outbox, FIRST, [3; 32]).is_queued());
        let Some(Job::Store { touches, .. }) = outbox.pop(Instant::now()) else {
            panic!()
        };
        assert_eq!(touches, [member(&B), member(&A)]);
        assert!(outbox.touch(&A));
    }

    #[test]
    fn touches_without_a_store_wait_for_their_interval() {
        let outbox = Outbox::default();
        outbox.touch(&A);
        let due = outbox.due().unwrap();
        assert!(outbox.pop(Instant::now()).is_none());
        assert!(matches!(outbox.pop(due), Some(Job::Touch { touches }) if touches == [member(&A)]));
        assert_eq!(outbox.due(), None);
    }

    #[test]
    fn too_many_touches_go_at_once() {
        let outbox = Outbox::default();
        let digest =
            |n: usize| std::array::from_fn(|i| n.to_le_bytes().get(i).copied().unwrap_or(0));
        let told: Vec<bool> = (0..TOUCHES).map(|n| outbox.touch(&digest(n))).collect();
        assert_eq!(told.iter().filter(|told| **told).count(), 2);
        assert!(told[0] && told[TOUCHES - 1]);
        let Some(Job::Touch { touches }) = outbox.pop(Instant::now()) else {
            panic!()
        };
        assert_eq!(touches.len(), TOUCHES);
    }

    #[test]
    fn the_queue_is_bounded_in_number_and_in_bytes() {
        let outbox = Outbox::default();
        for stores in 1..=JOBS {
            let is_due = stores >= BATCH;
            assert_eq!(push(&outbox, FIRST, A), Pushed::Queued { is_due });
        }
        assert_eq!(push(&outbox, FIRST, A), Pushed::Full);
        while outbox.pop(Instant::now()).is_some() {}

        let half = Contents::unread(vec![0; BYTES / 2 - 1024]);
        for expected in [
            Pushed::Queued { is_due: true },
            Pushed::Queued { is_due: true },
            Pushed::Full,
        ] {
            assert_eq!(outbox.push_store(FIRST, A, 0, half.clone()), expected);
        }
        outbox.pop(Instant::now());
        assert!(outbox.push_store(FIRST, A, 0, half).is_queued());
    }

    #[test]
    fn a_clear_takes_the_place_of_what_waits_and_refuses_what_began_before() {
        let outbox = Outbox::default();
        outbox.learn_first(NOTHING);
        let before = outbox.epoch();
        push(&outbox, before, A);
        outbox.touch(&A);
        let done = Done::new(drop);
        assert_eq!(outbox.push_clear(done), 1);
        assert_eq!(push(&outbox, before, B), Pushed::Overtaken);
        assert!(push(&outbox, outbox.epoch(), B).is_queued());
        assert!(matches!(
            outbox.pop(Instant::now()),
            Some(Job::Clear { .. })
        ));
        let Some(Job::Store { touches, .. }) = outbox.pop(Instant::now()) else {
            panic!()
        };
        assert!(touches.is_empty());
        assert!(outbox.pop(Instant::now()).is_none());
    }

    #[test]
    fn a_clear_by_another_process_refuses_what_began_before() {
        let outbox = Outbox::default();
        assert!(!outbox.learn(NOTHING));
        let before = outbox.epoch();
        assert!(!outbox.learn(NOTHING));
        assert!(outbox.learn(cleared()));
        assert_eq!(push(&outbox, before, A), Pushed::Overtaken);
        assert!(push(&outbox, outbox.epoch(), A).is_queued());
    }

    #[test]
    fn what_redis_said_before_it_was_told_of_a_clear_is_no_news() {
        let outbox = Outbox::default();
        outbox.learn(NOTHING);
        outbox.push_clear(Done::new(drop));
        let after = outbox.epoch();
        assert!(!outbox.learn(NOTHING));
        outbox.learn_first(NOTHING);
        assert_eq!(outbox.epoch(), after);
        outbox.cleared();
        assert!(!outbox.learn(after.known));
        assert!(outbox.learn(cleared()));
    }

    #[test]
    fn what_began_before_redis_has_said_anything_is_not_stored() {
        let outbox = Outbox::default();
        let before = outbox.epoch();
        assert!(outbox.is_unaware());
        outbox.learn_first(NOTHING);
        assert_eq!(push(&outbox, before, A), Pushed::Overtaken);
        assert!(push(&outbox, outbox.epoch(), A).is_queued());
        // What was asked before comes late.
        outbox.learn_first(cleared());
        assert_eq!(outbox.epoch().known, NOTHING);
    }

    #[test]
    fn an_invalidation_comes_after_the_stores() {
        let outbox = Outbox::default();
        push(&outbox, FIRST, A);
        outbox.push_invalidate(A, Done::new(drop));
        assert!(matches!(
            outbox.pop(Instant::now()),
            Some(Job::Store { .. })
        ));
        assert!(matches!(
            outbox.pop(Instant::now()),
            Some(Job::Invalidate { .. })
        ));
    }

    #[test]
    fn a_flush_comes_after_the_touches() {
        let outbox = Outbox::default();
        outbox.touch(&A);
        let done = Done::new(drop);
        outbox.push_flush(done);
        assert!(matches!(
            outbox.pop(Instant::now()),
            Some(Job::Touch { .. })
        ));
        assert!(matches!(
            outbox.pop(Instant::now()),
            Some(Job::Flush { .. })
        ));
    }
}
