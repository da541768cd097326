//! The write-behind queue of one shard: jobs for its writer, in the order in which stores, touches and deletions happened.

mod job;
mod jobs;
mod pushed;
mod state;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::Notify;

use super::epoch::{Clear, Epoch, Generation, Invalidated, Known};
use crate::{
    config::MaxSize,
    key::Digest,
    limits::{BATCH, BATCH_BYTES, QUEUED_BYTES, QUEUED_VALUES},
    outcome::{Error, ErrorKind},
    value::envelope::Contents,
};

use self::state::State;
pub(crate) use self::{
    job::{Done, Job, Place},
    pushed::{Pushed, Used},
};

/// Entries. Once so many different ones are touched, their touches are queued without waiting for a store.
const TOUCHES: usize = 4096;

/// How long a place is kept for a value that the verifier has yet to prove. All jobs behind it wait as long.
const PATIENCE: Duration = Duration::from_secs(2);

/// The write-behind queue of one shard. One lock puts touches and stores in the order in which they happened, which makes
/// the eviction order exact.
#[derive(Debug, Default)]
pub(crate) struct WriteBehindQueue {
    state: Mutex<State>,
    /// Written only under the lock of `state`.
    epoch: RwLock<Epoch>,
    /// How many stores and kept places were queued and have not ended.
    unsettled: AtomicUsize,
}

impl WriteBehindQueue {
    /// The epoch now. A caller reads it before its body runs, and passes it to [`push_store`](Self::push_store) with the value.
    pub(crate) fn epoch(&self) -> Epoch {
        *self.epoch.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the latest clear is not known yet: where there was one, Redis will refuse the value of a body that begins now.
    pub(crate) fn is_unaware(&self) -> bool {
        self.epoch().known.generation == Generation::Unknown
    }

    /// Records Redis' first answer about clears and invalidations, unless a store or a clear has been faster.
    pub(in crate::remote) fn learn_first(&self, known: Known) {
        let state = self.state();
        if state.clears == 0 && self.is_unaware() {
            self.set_epoch(self.epoch().with(known));
        }
    }

    /// Records the latest clear and invalidation, which Redis tells with its answer to each write. Returns whether another
    /// process has cleared.
    pub(in crate::remote) fn learn(&self, known: Known) -> bool {
        if self.epoch().known == known {
            return false;
        }
        let state = self.state();
        if state.clears > 0 {
            return false;
        }
        let epoch = self.epoch();
        let old = epoch.known.generation;
        let is_news = old != known.generation && old != Generation::Unknown;
        self.set_epoch(if is_news {
            epoch.after_clear(known)
        } else {
            epoch.with(known)
        });
        drop(state);
        is_news
    }

    /// Records the number that Redis has given to an invalidation by this process.
    pub(in crate::remote) fn learn_invalidated(&self, invalidated: Invalidated) {
        let state = self.state();
        if state.clears == 0 {
            let mut epoch = self.epoch();
            epoch.known.invalidated = invalidated;
            self.set_epoch(epoch);
        }
    }

    /// Keeps a place for a value that the verifier has yet to prove.
    ///
    /// # Errors
    ///
    /// [`Pushed::Overtaken`] or [`Pushed::Full`], as for a value.
    pub(crate) fn keep_place(&self, epoch: Epoch) -> Result<Place, Pushed> {
        let mut state = self.state();
        if let Some(refused) = self.refusal(epoch) {
            return Err(refused);
        }
        if state.jobs.len() >= QUEUED_VALUES || state.jobs.bytes() >= QUEUED_BYTES {
            return Err(Pushed::Full);
        }
        self.unsettled.fetch_add(1, Ordering::Relaxed);
        let touches = state.touches.take();
        let since = Instant::now();
        let turn = state.jobs.push_back(|_| Job::Kept { touches, since });
        Ok(Place(turn))
    }

    /// Frees a place. Returns whether it was still kept.
    pub(crate) fn give_up(&self, place: &Place) -> bool {
        let mut state = self.state();
        let touches = state.take_place(place);
        let was_kept = touches.is_some();
        if let Some(touches) = touches {
            self.unsettled.fetch_sub(1, Ordering::Relaxed);
            state.leave_touches(place.0, touches);
        }
        was_kept
    }

    /// How many places were freed because of [`PATIENCE`] since the last call.
    pub(in crate::remote) fn take_late(&self) -> usize {
        std::mem::take(&mut self.state().late)
    }

    /// Refuses a value whose body began in `epoch`, where a clear came since.
    fn refusal(&self, epoch: Epoch) -> Option<Pushed> {
        (!epoch.holds_at(self.epoch())).then_some(Pushed::Overtaken)
    }

    /// Queues a value, in its place if one was kept.
    pub(crate) fn push_store(
        &self,
        epoch: Epoch,
        digest: Digest,
        contents: Contents,
        place: Option<&Place>,
    ) -> Pushed {
        let mut state = self.state();
        let kept = place.map(|place| (place.0, state.take_place(place)));
        let size = contents.sealed_len();
        let refused = if let Some(refused) = self.refusal(epoch) {
            Some(refused)
        } else if matches!(kept, Some((_, None))) {
            Some(Pushed::Late)
        } else if state.jobs.stores() >= QUEUED_VALUES || state.jobs.bytes() + size > QUEUED_BYTES {
            Some(Pushed::Full)
        } else {
            None
        };
        let kept = kept.and_then(|(turn, touches)| Some((turn, touches?)));
        if let Some(refused) = refused {
            if let Some((turn, touches)) = kept {
                self.unsettled.fetch_sub(1, Ordering::Relaxed);
                state.leave_touches(turn, touches);
            }
            return refused;
        }
        state.pushed += 1;
        let store = |touches, ticket| Job::Store {
            touches,
            digest,
            ticket,
            since: Instant::now(),
            known: epoch.known,
            contents,
        };
        let ticket = if let Some((turn, touches)) = kept {
            state.jobs.put(turn, store(touches, turn));
            turn
        } else {
            self.unsettled.fetch_add(1, Ordering::Relaxed);
            let touches = state.touches.take();
            state.jobs.push_back(|turn| store(touches, turn))
        };
        let is_full = state.jobs.stores() >= BATCH || state.jobs.bytes() >= BATCH_BYTES;
        // A caller that waits for a job behind the place has woken the writer before, and will not do it again.
        let is_waited_for = state.jobs.is_waited_for_after(ticket);
        Pushed::Queued {
            ticket,
            is_due: is_full || is_waited_for,
        }
    }

    /// Whether a store or a kept place was queued and has not ended.
    pub(crate) fn has_unsettled(&self) -> bool {
        self.unsettled.load(Ordering::Relaxed) > 0
    }

    /// Called when a store has ended, well or not.
    pub(crate) fn settled(&self, ticket: u64) {
        self.unsettled.fetch_sub(1, Ordering::Relaxed);
        self.state().taken.retain(|(taken, _)| *taken != ticket);
    }

    /// Records that an entry was used. Returns whether the caller must wake the writer: at the first touch, to start the
    /// writer's timer, and at the [`TOUCHES`]th, to have them sent.
    pub(crate) fn touch(&self, digest: &Digest) -> bool {
        self.state().touch(digest)
    }

    /// Records a use of a value that is on its way to Redis, without a second store. A store that still waits moves to the
    /// back; for one that was sent, or can't be moved, a touch will do unless Redis may evict the value before.
    pub(crate) fn use_queued(&self, digest: &Digest, ticket: u64, maxsize: MaxSize) -> Used {
        let mut state = self.state();
        let entries = maxsize.entries();
        let is_late = if let Some(turn) = state.jobs.turn_of(ticket) {
            if state.move_back(turn) {
                return Used::Recorded { is_news: false };
            }
            entries.is_some_and(|entries| state.jobs.has_stores_after(turn, entries))
        } else {
            let behind = state.stores_behind_taken(ticket);
            entries.is_some_and(|entries| behind >= entries as u64)
        };
        if is_late {
            return Used::Late;
        }
        let is_news = state.touch(digest);
        Used::Recorded { is_news }
    }

    /// Queues the deletion of an entry that is not a value, as a look-up has found.
    pub(crate) fn push_heal(&self, digest: Digest, found: Option<Bytes>) {
        let mut state = self.state();
        let size = found.as_ref().map_or(0, Bytes::len);
        // A full queue drops the job: Redis is in trouble, and the next look-up will find the entry again.
        if state.jobs.len() < QUEUED_VALUES && state.jobs.bytes() + size <= QUEUED_BYTES {
            state.jobs.push_back(|_| Job::Heal { digest, found });
        }
    }

    /// Queues the deletion of all entries, and drops the stores that have not been sent. Returns how many were dropped.
    pub(crate) fn push_clear(&self, progress: Arc<Notify>, done: Done) -> usize {
        let mut state = self.state();
        if state.is_crowded() {
            drop(state);
            done.tell(Err(crowded()));
            return 0;
        }
        let epoch = self.epoch();
        let clear = Clear::after(epoch.known);
        self.set_epoch(epoch.after_clear(Known::cleared(clear.generation)));
        state.touches.take();
        let dropped = state.jobs.stores();
        let unawaited = state.jobs.take_unawaited();
        let is_kept = |job: &&Job| matches!(job, Job::Kept { .. });
        let kept = unawaited.iter().filter(is_kept).count();
        self.unsettled.fetch_sub(dropped + kept, Ordering::Relaxed);
        state.clears += 1;
        state.jobs.push_back(|_| Job::Clear {
            clear,
            progress,
            done,
        });
        drop(state);
        dropped
    }

    /// Called by the writer when a clear has ended, with the generation that Redis has since, or `None` where it failed: then
    /// Redis is asked again. Returns whether another process has cleared.
    pub(in crate::remote) fn cleared(&self, now: Option<Generation>) -> bool {
        let mut state = self.state();
        state.clears -= 1;
        if state.clears > 0 {
            return false;
        }
        let epoch = self.epoch();
        match now {
            Some(now) if now == epoch.known.generation => return false,
            Some(now) => self.set_epoch(epoch.after_clear(Known::cleared(now))),
            None => self.set_epoch(epoch.with(Known::default())),
        }
        now.is_some()
    }

    /// Queues the deletion of one entry, behind the stores that came before.
    pub(crate) fn push_invalidate(&self, digest: Digest, done: Done) {
        let mut state = self.state();
        if state.jobs.len() < QUEUED_VALUES {
            state.jobs.push_back(|_| Job::Invalidate { digest, done });
        } else {
            drop(state);
            done.tell(Err(crowded()));
        }
    }

    /// Queues a marker behind all jobs and touches; `done` is called when the writer reaches it.
    pub(crate) fn push_flush(&self, done: Done) {
        let mut state = self.state();
        if state.is_crowded() {
            drop(state);
            return done.tell(Err(crowded()));
        }
        if state.touches.len() > 0 {
            state.push_touches();
        }
        state.jobs.push_back(|_| Job::Flush { done });
    }

    /// Takes the next job; where none is queued, the touches that are due at `now`. Frees places that were kept for too long.
    pub(crate) fn pop(&self, now: Instant) -> Option<Job> {
        let mut state = self.state();
        while let Some((turn, Job::Kept { since, .. })) = state.jobs.front() {
            if now < *since + PATIENCE {
                return None;
            }
            let touches = state.take_place(&Place(turn)).unwrap_or_default();
            self.unsettled.fetch_sub(1, Ordering::Relaxed);
            state.leave_touches(turn, touches);
            state.late += 1;
        }
        if let Some(job) = state.jobs.pop_front() {
            if let Some(ticket) = job.ticket() {
                let before = state.pushed - state.jobs.stores() as u64;
                state.taken.push((ticket, before));
            }
            return Some(job);
        }
        state.touches.due().filter(|due| *due <= now)?;
        Some(Job::Touch {
            touches: state.touches.take(),
        })
    }

    /// When the writer is to look again without being woken: when the place at the front runs out, or touches are due.
    pub(crate) fn due(&self) -> Option<Instant> {
        let state = self.state();
        state.front_kept_until().or_else(|| state.touches.due())
    }

    fn set_epoch(&self, epoch: Epoch) {
        *self.epoch.write().unwrap_or_else(PoisonError::into_inner) = epoch;
    }

    // No user code runs under these locks, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of an operation that is refused because too many others are queued.
fn crowded() -> Error {
    let message = "too much waits to be told to Redis";
    Error::new(ErrorKind::Unavailable, message)
}
