//! Single-flight: of concurrent calls with one key the first leads and the others follow.
//!
//! The table also holds what has been computed and not yet written to Redis, so that there is no moment between
//! "being computed" and "stored" at which a third caller would see neither.

mod progress;

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasherDefault, Hasher},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;

use self::progress::{Progress, attend, watch};
use crate::key::Digest;

/// After this many leaders in a row without a value the followers stop waiting in line: each would otherwise
/// wait for the failures of all before it.
const PATIENCE: u32 = 2;

const SHARDS: usize = 16;

/// What a follower gets.
#[derive(Debug)]
pub(crate) enum Landing {
    /// The leader's value, as an envelope.
    Value(Bytes),
    /// The leader ended without a value (it failed, panicked, or was cancelled): the follower leads now.
    Lead(Leader),
    /// There is no value to wait for: the follower runs the body by itself.
    Alone,
}

/// What a caller finds at a key. `R` is the receiving end that fits the caller, blocking or async.
#[derive(Debug)]
pub(crate) enum Joined<R> {
    /// Nobody is there.
    Lead(Leader),
    /// Somebody is computing the value.
    Follow(R),
    /// The value is on its way to Redis.
    Queued(Queued),
}

/// A value on its way to Redis.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) envelope: Bytes,
    ticket: u64,
}

#[derive(Debug)]
enum Entry {
    Running(Running),
    Queued(Queued),
}

/// A call under way.
#[derive(Debug, Default)]
struct Running {
    followers: VecDeque<oneshot::Sender<Landing>>,
    progress: Arc<Progress>,
}

type Shard = HashMap<Digest, Entry, BuildHasherDefault<DigestHasher>>;

/// The calls of one cache that are under way, and its values that are not yet stored.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    shards: [Mutex<Shard>; SHARDS],
    tickets: AtomicU64,
}

impl Flights {
    /// Joins the call for `digest`; `channel` makes the ends that a follower needs.
    pub(crate) fn join<R>(
        &'static self,
        digest: Digest,
        channel: fn() -> (oneshot::Sender<Landing>, R),
    ) -> Joined<R> {
        let mut shard = self.shard(&digest);
        match shard.get_mut(&digest) {
            None => {
                let running = Running::default();
                let progress = Arc::clone(&running.progress);
                shard.insert(digest, Entry::Running(running));
                drop(shard);
                Joined::Lead(Leader {
                    flights: self,
                    digest,
                    progress,
                    failures: 0,
                    ended: false,
                })
            }
            Some(Entry::Running(running)) => {
                let (sender, receiver) = channel();
                running.followers.push_back(sender);
                let progress = Arc::clone(&running.progress);
                drop(shard);
                watch(self, digest, &progress);
                Joined::Follow(receiver)
            }
            Some(Entry::Queued(queued)) => Joined::Queued(queued.clone()),
        }
    }

    /// A new ticket for a value that is used again while it is on its way, if others have been queued behind
    /// it: they may evict it, so it has to be stored once more after them.
    pub(crate) fn requeue(&self, digest: &Digest, queued: &Queued) -> Option<u64> {
        if queued.ticket + 1 == self.tickets.load(Ordering::Relaxed) {
            return None;
        }
        let mut shard = self.shard(digest);
        match shard.get_mut(digest) {
            Some(Entry::Queued(current)) if current.ticket == queued.ticket => {
                current.ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
                Some(current.ticket)
            }
            _ => None,
        }
    }

    /// Forgets a value that has reached Redis, or never will.
    pub(crate) fn settle(&self, digest: &Digest, ticket: u64) {
        let mut shard = self.shard(digest);
        if matches!(shard.get(digest), Some(Entry::Queued(queued)) if queued.ticket == ticket) {
            shard.remove(digest);
        }
    }

    /// How many callers follow others now.
    pub(crate) fn followers(&self) -> usize {
        let waiting = |entry: &Entry| match entry {
            Entry::Running(running) => running.followers.len(),
            Entry::Queued(_) => 0,
        };
        let shards = self.shards.iter();
        shards
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
            .map(|shard| shard.values().map(waiting).sum::<usize>())
            .sum()
    }

    /// Forgets all values that are on their way.
    pub(crate) fn forget_queued(&self) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, entry| matches!(entry, Entry::Running(_)));
        }
    }

    // No user code runs under these locks, so a poisoned one is as good as any.
    fn shard(&self, digest: &Digest) -> MutexGuard<'_, Shard> {
        let index = usize::from(digest[31]) % SHARDS;
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the call for `digest` is still that of the leader with this progress.
    fn is_led_by(&self, digest: &Digest, progress: &Arc<Progress>) -> bool {
        let shard = self.shard(digest);
        matches!(shard.get(digest), Some(Entry::Running(running)) if Arc::ptr_eq(&running.progress, progress))
    }

    /// Sends on all who wait for a leader that is no longer run.
    fn abandon(&self, digest: &Digest, progress: &Arc<Progress>) {
        if self.is_led_by(digest, progress) {
            for follower in self.end(digest, None) {
                send_to(follower, Landing::Alone);
            }
        }
    }

    fn end(&self, digest: &Digest, next: Option<Entry>) -> VecDeque<oneshot::Sender<Landing>> {
        let mut shard = self.shard(digest);
        let ended = match next {
            Some(entry) => shard.insert(*digest, entry),
            None => shard.remove(digest),
        };
        match ended {
            Some(Entry::Running(running)) => running.followers,
            Some(Entry::Queued(_)) | None => VecDeque::new(),
        }
    }
}

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
    /// Whether anybody waits now. More may come before the leader ends.
    pub(crate) fn has_followers(&self) -> bool {
        let shard = self.flights.shard(&self.digest);
        matches!(shard.get(&self.digest), Some(Entry::Running(running)) if !running.followers.is_empty())
    }

    /// Says that a thread runs this leader now.
    pub(crate) fn attended(&self) {
        self.progress.attended();
    }

    /// Awaits a part of this leader's work. Those who wait for it learn if nobody polls it any more.
    pub(crate) async fn attend<F: Future>(&self, work: Pin<&mut F>) -> F::Output {
        attend(&self.progress, work).await
    }

    /// Ends with a value that Redis has.
    pub(crate) fn land(mut self, envelope: &Bytes) {
        self.ended = true;
        for follower in self.flights.end(&self.digest, None) {
            send_to(follower, Landing::Value(envelope.clone()));
        }
    }

    /// Ends with a value that Redis is to get; it is found here until [`Flights::settle`] is called with the
    /// ticket that `queue` gets. Where `queue` refuses, the value only goes to those who wait.
    pub(crate) fn land_queued(mut self, envelope: &Bytes, queue: impl FnOnce(u64) -> bool) {
        self.ended = true;
        let ticket = self.flights.tickets.fetch_add(1, Ordering::Relaxed);
        let entry = Entry::Queued(Queued {
            envelope: envelope.clone(),
            ticket,
        });
        let followers = self.flights.end(&self.digest, Some(entry));
        if !queue(ticket) {
            self.flights.settle(&self.digest, ticket);
        }
        for follower in followers {
            send_to(follower, Landing::Value(envelope.clone()));
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
                let Some(Entry::Running(running)) = shard.get_mut(&self.digest) else {
                    return;
                };
                // Another leads since this one was given up as stalled.
                if !Arc::ptr_eq(&running.progress, &self.progress) {
                    return;
                }
                let next = running.followers.pop_front();
                running.progress = Arc::clone(&progress);
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
                    if let Landing::Lead(mut leader) = refused.into_inner() {
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

/// A follower that has gone needs no answer.
fn send_to(follower: oneshot::Sender<Landing>, landing: Landing) {
    drop(follower.send(landing));
}

/// Digests are random already: their first bytes are the hash.
#[derive(Debug, Default)]
pub(crate) struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _length: usize) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Digest = [1; 32];

    fn flights() -> &'static Flights {
        Box::leak(Box::default())
    }

    fn join(flights: &'static Flights) -> Joined<oneshot::Receiver<Landing>> {
        flights.join(KEY, oneshot::channel)
    }

    fn lead(flights: &'static Flights) -> Leader {
        match join(flights) {
            Joined::Lead(leader) => leader,
            other => panic!("{other:?}"),
        }
    }

    fn follow(flights: &'static Flights) -> oneshot::Receiver<Landing> {
        match join(flights) {
            Joined::Follow(receiver) => receiver,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_followers_get_the_value() {
        let flights = flights();
        let leader = lead(flights);
        assert!(!leader.has_followers());
        let followers = [follow(flights), follow(flights)];
        assert!(leader.has_followers());
        leader.land(&Bytes::from_static(b"value"));
        for follower in followers {
            assert!(matches!(follower.recv().unwrap(), Landing::Value(v) if v == "value"));
        }
        drop(lead(flights));
    }

    #[test]
    fn a_dropped_leader_hands_over_to_the_first_that_is_still_there() {
        let flights = flights();
        let leader = lead(flights);
        let gone = follow(flights);
        let first = follow(flights);
        let second = follow(flights);
        drop(gone);
        drop(leader);
        let Landing::Lead(leader) = first.recv().unwrap() else {
            panic!()
        };
        leader.land(&Bytes::from_static(b"value"));
        assert!(matches!(second.recv().unwrap(), Landing::Value(_)));
    }

    #[test]
    fn a_follower_that_goes_with_the_lead_in_its_hands_passes_it_on() {
        let flights = flights();
        let leader = lead(flights);
        let first = follow(flights);
        let second = follow(flights);
        drop(leader);
        drop(first);
        // Two have ended without a value, so the second need not stand in line.
        assert!(matches!(second.recv().unwrap(), Landing::Alone));
        drop(lead(flights));
    }

    #[test]
    fn after_two_failures_nobody_waits() {
        let flights = flights();
        let leader = lead(flights);
        let first = follow(flights);
        let others = [follow(flights), follow(flights), follow(flights)];
        drop(leader);
        let Landing::Lead(second) = first.recv().unwrap() else {
            panic!()
        };
        drop(second);
        for other in others {
            assert!(matches!(other.recv().unwrap(), Landing::Alone));
        }
    }

    #[test]
    fn a_queued_value_is_found_until_it_settles() {
        let flights = flights();
        let mut ticket = None;
        lead(flights).land_queued(&Bytes::from_static(b"value"), |t| {
            ticket = Some(t);
            true
        });
        assert!(matches!(join(flights), Joined::Queued(q) if q.envelope == "value"));
        flights.settle(&KEY, ticket.unwrap() + 1);
        assert!(matches!(join(flights), Joined::Queued(_)));
        flights.settle(&KEY, ticket.unwrap());
        drop(lead(flights));
    }

    #[test]
    fn a_value_that_is_used_again_is_stored_again_if_others_came_after_it() {
        let flights = flights();
        let value = Bytes::from_static(b"value");
        lead(flights).land_queued(&value, |_| true);
        let Joined::Queued(queued) = join(flights) else {
            panic!()
        };
        assert_eq!(flights.requeue(&KEY, &queued), None);
        let Joined::Lead(other) = flights.join([2; 32], oneshot::channel) else {
            panic!()
        };
        other.land_queued(&value, |_| true);
        let ticket = flights.requeue(&KEY, &queued).unwrap();
        // Whoever else found the first ticket need not do it again.
        assert_eq!(flights.requeue(&KEY, &queued), None);
        flights.settle(&KEY, queued.ticket);
        assert!(matches!(join(flights), Joined::Queued(_)));
        flights.settle(&KEY, ticket);
        drop(lead(flights));
    }

    #[test]
    fn a_value_that_can_not_be_queued_still_reaches_the_followers() {
        let flights = flights();
        let leader = lead(flights);
        let follower = follow(flights);
        leader.land_queued(&Bytes::from_static(b"value"), |_| false);
        assert!(matches!(follower.recv().unwrap(), Landing::Value(_)));
        drop(lead(flights));
    }

    #[test]
    fn a_leader_that_dismisses_sends_all_on() {
        let flights = flights();
        let leader = lead(flights);
        let follower = follow(flights);
        leader.dismiss();
        assert!(matches!(follower.recv().unwrap(), Landing::Alone));
    }
}
