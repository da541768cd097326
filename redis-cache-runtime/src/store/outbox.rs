//! What one cache has to tell Redis, in the order in which it happened.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::Notify;

use super::{
    epoch::{Epoch, Generation, Invalidated, Known},
    names::{Member, member},
    touches::Touches,
};
use crate::{
    config::MaxSize,
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

/// A store that has been queued for so long keeps its place: one that is used all the time would else never be sent.
const MOVES: Duration = Duration::from_millis(250);

/// How long a place is kept for a value that has yet to be proved. What comes after it waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// A place in the queue, taken when the body ended, for a value that has yet to be proved.
#[derive(Debug)]
pub(crate) struct Place(u64);

/// One thing to tell Redis.
#[derive(Debug)]
pub(crate) enum Job {
    /// Nothing yet: a [`Place`].
    Kept {
        touches: Vec<Member>,
        number: u64,
        since: Instant,
    },
    /// Write a value, after the touches that came before it.
    Store {
        touches: Vec<Member>,
        digest: Digest,
        ticket: u64,
        since: Instant,
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
    Clear {
        generation: Generation,
        /// Hears of each step.
        progress: Arc<Notify>,
        done: Done,
    },
    /// Say when everything before this has been told.
    Flush { done: Done },
}

impl Job {
    /// Whether somebody waits for this very job to end.
    pub(super) const fn is_waited_for(&self) -> bool {
        match self {
            Self::Invalidate { .. } | Self::Clear { .. } | Self::Flush { .. } => true,
            Self::Kept { .. } | Self::Store { .. } | Self::Touch { .. } | Self::Heal { .. } => {
                false
            }
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
        ticket: u64,
        /// Whether it is time to send: a batch is full.
        is_due: bool,
    },
    /// Too much waits already.
    Full,
    /// The cache was cleared after the call began.
    Overtaken,
    /// Its place was kept for too long.
    Late,
}

/// What the use of a value that is on its way comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Used {
    /// It has its place.
    Recorded {
        /// Whether the writer should learn of it.
        is_news: bool,
    },
    /// So much has been queued behind it that Redis may have evicted it before it hears of the use.
    Late,
}

impl Pushed {
    /// That of a store which has been queued.
    pub(crate) const fn ticket(self) -> Option<u64> {
        match self {
            Self::Queued { ticket, .. } => Some(ticket),
            Self::Full | Self::Overtaken | Self::Late => None,
        }
    }
}

/// The queue of one cache. One lock orders touches and stores as they happened, which is what makes the eviction order
/// exact.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Written under the lock.
    epoch: RwLock<Epoch>,
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
    /// How many stores there have been.
    pushed: u64,
    /// How many places have been kept.
    kept: u64,
    /// Stores that have been taken and have not ended, by their ticket, and how many had been pushed up to each of them.
    taken: Vec<(u64, u64)>,
    /// Clears that Redis has not been told of: what it says of the latest is not news until then.
    clears: usize,
    /// Places that were kept for too long, and have not been reported.
    late: usize,
}

impl Outbox {
    /// To be asked when a body begins, and shown when its value is stored.
    pub(crate) fn epoch(&self) -> Epoch {
        *self.epoch.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether Redis has not said yet what came before: a body that begins now may have begun before a clear.
    pub(crate) fn is_unaware(&self) -> bool {
        self.epoch().known.generation == Generation::Unknown
    }

    /// Takes in what Redis says first. Whoever has stored since knows better.
    pub(super) fn learn_first(&self, known: Known) {
        let state = self.state();
        if state.clears == 0 && self.is_unaware() {
            let epoch = self.epoch();
            self.set_epoch(Epoch { known, ..epoch });
        }
    }

    /// Takes in what Redis says with its answer to the latest write. Tells whether there was a clear that this process did
    /// not know of.
    pub(super) fn learn(&self, known: Known) -> bool {
        if self.epoch().known == known {
            return false;
        }
        let state = self.state();
        if state.clears > 0 {
            return false;
        }
        let Epoch { count, known: old } = self.epoch();
        let is_news = old.generation != known.generation && old.generation != Generation::Unknown;
        let count = count + u64::from(is_news);
        self.set_epoch(Epoch { count, known });
        drop(state);
        is_news
    }

    /// Takes in how Redis has numbered an invalidation.
    pub(super) fn learn_invalidated(&self, invalidated: Invalidated) {
        let state = self.state();
        if state.clears == 0 {
            let mut epoch = self.epoch();
            epoch.known.invalidated = invalidated;
            self.set_epoch(epoch);
        }
    }

    /// Keeps a place for a value that has yet to be proved.
    ///
    /// # Errors
    ///
    /// Where a value would not be queued.
    pub(crate) fn keep_place(&self, epoch: Epoch) -> Result<Place, Pushed> {
        let mut state = self.state();
        if let Some(refused) = self.refusal(epoch) {
            return Err(refused);
        }
        if state.jobs.len() >= JOBS || state.bytes >= BYTES {
            return Err(Pushed::Full);
        }
        state.kept += 1;
        let number = state.kept;
        self.unsettled.fetch_add(1, Ordering::Relaxed);
        let touches = state.touches.take();
        state.jobs.push_back(Job::Kept {
            touches,
            number,
            since: Instant::now(),
        });
        Ok(Place(number))
    }

    /// Keeps a place no longer. Tells whether it was kept still.
    pub(crate) fn give_up(&self, place: &Place) -> bool {
        let mut state = self.state();
        let at = state.kept_at(place);
        if let Some(at) = at {
            self.vacate(&mut state, at);
        }
        at.is_some()
    }

    /// How many places were kept for too long since this was asked.
    pub(super) fn take_late(&self) -> usize {
        std::mem::take(&mut self.state().late)
    }

    /// Leaves in a place what it would have carried.
    fn vacate(&self, state: &mut State, at: usize) {
        self.unsettled.fetch_sub(1, Ordering::Relaxed);
        if let Some(Job::Kept { touches, .. }) = state.jobs.remove(at)
            && !touches.is_empty()
        {
            state.jobs.insert(at, Job::Touch { touches });
        }
    }

    /// Why a value whose computation began then is not to be stored.
    fn refusal(&self, epoch: Epoch) -> Option<Pushed> {
        (self.epoch().count != epoch.count).then_some(Pushed::Overtaken)
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
        let kept_at = place.map(|place| state.kept_at(place));
        let refused = if let Some(refused) = self.refusal(epoch) {
            Some(refused)
        } else if kept_at == Some(None) {
            Some(Pushed::Late)
        } else if state.stores >= JOBS || state.bytes + contents.sealed_len() > BYTES {
            Some(Pushed::Full)
        } else {
            None
        };
        if let Some(refused) = refused {
            if let Some(Some(at)) = kept_at {
                self.vacate(&mut state, at);
            }
            return refused;
        }
        state.bytes += contents.sealed_len();
        state.stores += 1;
        state.pushed += 1;
        let ticket = state.pushed;
        let store = |touches| Job::Store {
            touches,
            digest,
            ticket,
            since: Instant::now(),
            known: epoch.known,
            contents,
        };
        let at = kept_at.flatten();
        if let Some(job) = at.and_then(|at| state.jobs.get_mut(at)) {
            let touches = match job {
                Job::Kept { touches, .. } => std::mem::take(touches),
                _ => Vec::new(),
            };
            *job = store(touches);
        } else {
            self.unsettled.fetch_add(1, Ordering::Relaxed);
            let touches = state.touches.take();
            state.jobs.push_back(store(touches));
        }
        let is_full = state.stores >= BATCH || state.bytes >= BATCH_BYTES;
        // Who waits for a job behind a place has said so already.
        let is_waited_for = at.is_some_and(|at| state.jobs.range(at..).any(Job::is_waited_for));
        Pushed::Queued {
            ticket,
            is_due: is_full || is_waited_for,
        }
    }

    /// Whether a store has been queued and has not ended.
    pub(crate) fn has_unsettled(&self) -> bool {
        self.unsettled.load(Ordering::Relaxed) > 0
    }

    /// To be told of each store that has ended.
    pub(crate) fn settled(&self, ticket: u64) {
        self.unsettled.fetch_sub(1, Ordering::Relaxed);
        self.state().taken.retain(|(taken, _)| *taken != ticket);
    }

    /// Records that an entry was used. Tells whether the writer should learn of it: at the first of a
    /// series, to start its clock, and when there are too many to wait any longer.
    pub(crate) fn touch(&self, digest: &Digest) -> bool {
        self.state().touch(digest)
    }

    /// Records that a value was used while it is on its way. It is not queued again: until it is sent it changes its place, and
    /// after that a touch will do, unless it may have been evicted by then.
    pub(crate) fn use_queued(&self, digest: &Digest, ticket: u64, maxsize: MaxSize) -> Used {
        let mut state = self.state();
        let behind = match state.place_of(ticket) {
            Some(place) => {
                if state.move_back(place) {
                    return Used::Recorded { is_news: false };
                }
                state.stores_behind(place)
            }
            None => state.stores_behind_taken(ticket),
        };
        if maxsize.entries().is_some_and(|entries| behind >= entries) {
            return Used::Late;
        }
        let is_news = state.touch(digest);
        Used::Recorded { is_news }
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
    pub(crate) fn push_clear(&self, progress: Arc<Notify>, done: Done) -> usize {
        let mut state = self.state();
        if state.is_crowded() {
            drop(state);
            done.tell(Err(crowded()));
            return 0;
        }
        let generation = Generation::new();
        let epoch = Epoch {
            count: self.epoch().count + 1,
            known: Known {
                generation,
                invalidated: Invalidated::default(),
            },
        };
        self.set_epoch(epoch);
        state.touches.take();
        let dropped = state.stores;
        let is_kept = |job: &&Job| matches!(job, Job::Kept { .. });
        let kept = state.jobs.iter().filter(is_kept).count();
        state.jobs.retain(Job::is_waited_for);
        self.unsettled.fetch_sub(dropped + kept, Ordering::Relaxed);
        state.bytes = 0;
        state.stores = 0;
        state.clears += 1;
        state.jobs.push_back(Job::Clear {
            generation,
            progress,
            done,
        });
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
            done.tell(Err(crowded()));
        }
    }

    /// Queues a marker.
    pub(crate) fn push_flush(&self, done: Done) {
        let mut state = self.state();
        if state.is_crowded() {
            drop(state);
            return done.tell(Err(crowded()));
        }
        if state.touches.len() > 0 {
            let touches = state.touches.take();
            state.jobs.push_back(Job::Touch { touches });
        }
        state.jobs.push_back(Job::Flush { done });
    }

    /// Takes the next job, and touches once they have waited long enough.
    pub(crate) fn pop(&self, now: Instant) -> Option<Job> {
        let mut state = self.state();
        while let Some(until) = state.front_kept_until() {
            if now < until {
                return None;
            }
            self.vacate(&mut state, 0);
            state.late += 1;
        }
        if let Some(job) = state.jobs.pop_front() {
            match &job {
                Job::Store {
                    contents, ticket, ..
                } => {
                    state.bytes -= contents.sealed_len();
                    state.stores -= 1;
                    let before = state.pushed - state.stores as u64;
                    state.taken.push((*ticket, before));
                }
                Job::Heal {
                    found: Some(found), ..
                } => state.bytes -= found.len(),
                Job::Kept { .. }
                | Job::Heal { .. }
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

    /// When to look again if nobody says so: when touches that wait now are to be sent, or a place is kept no longer.
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

/// Why somebody is not even waited for.
fn crowded() -> Error {
    let message = "too much waits to be told to Redis";
    Error::new(ErrorKind::Unavailable, message)
}

impl State {
    /// Whether as many are waited for as may be.
    fn is_crowded(&self) -> bool {
        let waited_for = self.jobs.iter().filter(|job| job.is_waited_for());
        waited_for.count() >= JOBS
    }

    fn touch(&mut self, digest: &Digest) -> bool {
        let first = self.touches.add(member(digest));
        if self.touches.len() < TOUCHES {
            return first;
        }
        let touches = self.touches.take();
        self.jobs.push_back(Job::Touch { touches });
        true
    }

    /// Until when the first thing to tell is waited for.
    fn front_kept_until(&self) -> Option<Instant> {
        match self.jobs.front() {
            Some(Job::Kept { since, .. }) => Some(*since + PATIENCE),
            _ => None,
        }
    }

    /// Where a place is.
    fn kept_at(&self, place: &Place) -> Option<usize> {
        let is_it = |job: &Job| matches!(job, Job::Kept { number, .. } if *number == place.0);
        self.jobs.iter().position(is_it)
    }

    /// Where the store with this ticket waits. What is used often has been moved to the back.
    fn place_of(&self, ticket: u64) -> Option<usize> {
        let is_it = |job: &Job| matches!(job, Job::Store { ticket: its, .. } if *its == ticket);
        self.jobs.iter().rposition(is_it)
    }

    /// Moves a store behind all that happened since, the touches that it carries excepted. Tells whether it is there.
    fn move_back(&mut self, place: usize) -> bool {
        let is_last = place + 1 == self.jobs.len();
        if is_last {
            return self.touches.len() == 0;
        }
        // Who waits for a job waits for the stores before it too.
        if self.jobs.range(place..).any(Job::is_waited_for) {
            return false;
        }
        let moved = match self.jobs.get_mut(place) {
            Some(Job::Store { touches, since, .. }) if since.elapsed() < MOVES => {
                let touches = std::mem::take(touches);
                let left = Job::Touch { touches };
                self.jobs
                    .get_mut(place)
                    .map(|job| std::mem::replace(job, left))
            }
            _ => return false,
        };
        if matches!(self.jobs.get(place), Some(Job::Touch { touches }) if touches.is_empty()) {
            self.jobs.remove(place);
        }
        if let Some(mut job) = moved {
            if let Job::Store { touches, .. } = &mut job {
                *touches = self.touches.take();
            }
            self.jobs.push_back(job);
        }
        true
    }

    fn stores_behind(&self, place: usize) -> u64 {
        let stores = self.jobs.range(place + 1..);
        let stores = stores.filter(|job| matches!(job, Job::Store { .. }));
        stores.count() as u64
    }

    /// How many stores there were after one that has been taken.
    fn stores_behind_taken(&self, ticket: u64) -> u64 {
        let taken = self.taken.iter().find(|(taken, _)| *taken == ticket);
        taken.map_or(0, |(_, before)| self.pushed - before)
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
        outbox.push_store(epoch, digest, Contents::unread("contents"), None)
    }

    #[test]
    fn a_store_carries_the_touches_before_it_each_once_by_last_use() {
        let outbox = Outbox::default();
        assert!(outbox.touch(&A));
        assert!(!outbox.touch(&B));
        assert!(!outbox.touch(&A));
        assert!(push(&outbox, FIRST, [3; 32]).ticket().is_some());
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
            let ticket = stores as u64;
            let queued = Pushed::Queued { ticket, is_due };
            assert_eq!(push(&outbox, FIRST, A), queued);
        }
        assert_eq!(push(&outbox, FIRST, A), Pushed::Full);
        while outbox.pop(Instant::now()).is_some() {}

        let half = Contents::unread(vec![0; BYTES / 2 - 1024]);
        for fits in [true, true, false] {
            let pushed = outbox.push_store(FIRST, A, half.clone(), None);
            assert_eq!(pushed.ticket().is_some(), fits, "{pushed:?}");
        }
        outbox.pop(Instant::now());
        assert!(outbox.push_store(FIRST, A, half, None).ticket().is_some());
    }

    #[test]
    fn what_is_used_before_it_is_sent_changes_its_place() {
        let outbox = Outbox::default();
        let bound = MaxSize::Entries(2);
        outbox.touch(&[9; 32]);
        let ticket = push(&outbox, FIRST, A).ticket().unwrap();
        let recorded = |is_news| Used::Recorded { is_news };
        assert_eq!(outbox.use_queued(&A, ticket, bound), recorded(false));
        push(&outbox, FIRST, B);
        for _ in 0..10 {
            assert_eq!(outbox.use_queued(&A, ticket, bound), recorded(false));
        }
        let jobs: Vec<_> = std::iter::from_fn(|| outbox.pop(Instant::now())).collect();
        // What had been used before it keeps its place.
        assert!(
            matches!(jobs.as_slice(), [Job::Touch { touches }, Job::Store { digest: B, .. }, Job::Store { digest: A, .. }] if touches == &[member(&[9; 32])]),
            "{jobs:?}"
        );
        // Once it is sent a touch will do, until so many have come after it that it may have been evicted.
        assert_eq!(outbox.use_queued(&A, ticket, bound), recorded(true));
        push(&outbox, FIRST, [3; 32]);
        assert_eq!(outbox.use_queued(&A, ticket, bound), recorded(true));
        push(&outbox, FIRST, [4; 32]);
        assert_eq!(outbox.use_queued(&A, ticket, bound), Used::Late);
        let unbounded = outbox.use_queued(&A, ticket, MaxSize::Unbounded);
        assert_eq!(unbounded, recorded(true));
        outbox.settled(ticket);
        assert_eq!(outbox.use_queued(&A, ticket, bound), recorded(false));
    }

    #[test]
    fn nothing_moves_past_what_somebody_waits_for() {
        let outbox = Outbox::default();
        let ticket = push(&outbox, FIRST, A).ticket().unwrap();
        outbox.push_flush(Done::new(drop));
        push(&outbox, FIRST, B);
        assert_eq!(
            outbox.use_queued(&A, ticket, MaxSize::Entries(2)),
            Used::Recorded { is_news: true }
        );
        assert_eq!(
            outbox.use_queued(&A, ticket, MaxSize::Entries(1)),
            Used::Late
        );
        let first = outbox.pop(Instant::now());
        assert!(matches!(first, Some(Job::Store { digest: A, .. })));
    }

    /// What an exact list keeps, for any sequence of calls, sends and answers.
    #[test]
    fn the_order_is_that_of_a_list() {
        let key = |n: u8| [n; 32];
        for seed in 0..500 {
            let mut random = fastrand::Rng::with_seed(seed);
            let outbox = Outbox::default();
            let most = random.usize(1..8);
            let bound = MaxSize::Entries(most as u64);
            let [mut redis, mut list] = [Vec::new(), Vec::new()];
            let mut on_their_way = std::collections::HashMap::new();
            let mut sent = VecDeque::new();
            let use_in = |list: &mut Vec<Member>, used: Member| {
                list.retain(|other| *other != used);
                list.push(used);
                let over = list.len().saturating_sub(most);
                list.drain(..over);
            };
            for _ in 0..200 {
                let digest = key(random.u8(0..12));
                let store = |on_their_way: &mut std::collections::HashMap<Digest, u64>| {
                    let ticket = push(&outbox, FIRST, digest).ticket().unwrap();
                    on_their_way.insert(digest, ticket);
                };
                // What Redis answers is known to be so only if nothing is on its way.
                let is_call = random.bool();
                let drains = is_call && !on_their_way.contains_key(&digest);
                if is_call && !drains {
                    let ticket = on_their_way[&digest];
                    if outbox.use_queued(&digest, ticket, bound) == Used::Late {
                        store(&mut on_their_way);
                    }
                    use_in(&mut list, member(&digest));
                }
                let mut turns = if drains {
                    usize::MAX
                } else {
                    random.usize(0..3)
                };
                while turns > 0 {
                    turns -= 1;
                    let later = Instant::now() + Duration::from_secs(1);
                    let popped = outbox.pop(later);
                    let is_over = popped.is_none();
                    sent.extend(popped);
                    if is_over || random.bool() {
                        for job in sent.drain(..) {
                            let (touches, stored) = match job {
                                Job::Store {
                                    touches,
                                    digest,
                                    ticket,
                                    ..
                                } => (touches, Some((digest, ticket))),
                                Job::Touch { touches } => (touches, None),
                                other => panic!("{other:?}"),
                            };
                            for touched in touches {
                                if redis.contains(&touched) {
                                    use_in(&mut redis, touched);
                                }
                            }
                            if let Some((digest, ticket)) = stored {
                                use_in(&mut redis, member(&digest));
                                outbox.settled(ticket);
                                on_their_way.retain(|_, its| *its != ticket);
                            }
                        }
                    }
                    if is_over {
                        break;
                    }
                }
                if drains {
                    assert_eq!(redis, list, "seed {seed}");
                    if redis.contains(&member(&digest)) {
                        outbox.touch(&digest);
                    } else {
                        store(&mut on_their_way);
                    }
                    use_in(&mut list, member(&digest));
                }
            }
        }
    }

    #[test]
    fn a_clear_takes_the_place_of_what_waits_and_refuses_what_began_before() {
        let outbox = Outbox::default();
        outbox.learn_first(NOTHING);
        let before = outbox.epoch();
        push(&outbox, before, A);
        outbox.touch(&A);
        let done = Done::new(drop);
        assert_eq!(outbox.push_clear(Arc::default(), done), 1);
        assert_eq!(push(&outbox, before, B), Pushed::Overtaken);
        assert!(push(&outbox, outbox.epoch(), B).ticket().is_some());
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
        assert!(push(&outbox, outbox.epoch(), A).ticket().is_some());
    }

    #[test]
    fn what_redis_said_before_it_was_told_of_a_clear_is_no_news() {
        let outbox = Outbox::default();
        outbox.learn(NOTHING);
        outbox.push_clear(Arc::default(), Done::new(drop));
        let after = outbox.epoch();
        assert!(!outbox.learn(NOTHING));
        outbox.learn_first(NOTHING);
        assert_eq!(outbox.epoch(), after);
        outbox.cleared();
        assert!(!outbox.learn(after.known));
        assert!(outbox.learn(cleared()));
    }

    #[test]
    fn what_redis_says_first_is_no_news() {
        let outbox = Outbox::default();
        let before = outbox.epoch();
        assert!(outbox.is_unaware());
        outbox.learn_first(NOTHING);
        assert_eq!(outbox.epoch().count, before.count);
        assert!(push(&outbox, before, A).ticket().is_some());
        assert!(push(&outbox, outbox.epoch(), A).ticket().is_some());
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
