//! The table of calls that are under way.

use std::{
    collections::{HashMap, VecDeque},
    hash::BuildHasherDefault,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;

use super::{
    Joined, Landing, Leader,
    progress::{Progress, watch},
};
use crate::{
    key::{Digest, DigestHasher},
    store::Epoch,
};

const SHARDS: usize = 16;

/// A number of clears that is never reached: what is marked with it belongs to nobody who comes later.
const INVALIDATED: u64 = u64::MAX;

/// A value on its way to Redis.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) envelope: Bytes,
    /// The clears that came before the body ran.
    pub(crate) epoch: Epoch,
    pub(super) ticket: u64,
}

/// What stands at a key.
#[derive(Debug)]
pub(super) enum Entry {
    Running(Running),
    Queued(Queued),
}

/// A call under way.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) followers: VecDeque<oneshot::Sender<Landing>>,
    pub(super) progress: Arc<Progress>,
    /// The clears that came before.
    pub(super) clears: u64,
}

pub(super) type Shard = HashMap<Digest, Entry, BuildHasherDefault<DigestHasher>>;

/// The calls of one cache that are under way, and its values that are not yet stored.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    shards: [Mutex<Shard>; SHARDS],
    tickets: AtomicU64,
}

impl Flights {
    /// Joins the call for `digest`; `epoch` tells of the clears so far, and `channel` makes the ends that a follower
    /// needs.
    pub(crate) fn join<R>(
        &'static self,
        digest: Digest,
        epoch: Epoch,
        channel: fn() -> (oneshot::Sender<Landing>, R),
    ) -> Joined<R> {
        let mut shard = self.shard(&digest);
        match shard.get_mut(&digest) {
            None => {
                let progress = Arc::<Progress>::default();
                let running = Running {
                    followers: VecDeque::new(),
                    progress: Arc::clone(&progress),
                    clears: epoch.count,
                };
                shard.insert(digest, Entry::Running(running));
                drop(shard);
                Joined::Lead(Leader::first(self, digest, progress))
            }
            // What began before a clear is not for those who come after it.
            Some(Entry::Running(running)) if running.clears != epoch.count => Joined::Alone,
            Some(Entry::Queued(queued)) if queued.epoch.count != epoch.count => Joined::Alone,
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

    /// The next ticket.
    pub(super) fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed)
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
                current.ticket = self.ticket();
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

    /// Has the value that is being computed or on its way go to nobody who comes from now on.
    pub(crate) fn invalidate(&self, digest: &Digest) {
        let mut shard = self.shard(digest);
        match shard.get_mut(digest) {
            Some(Entry::Running(running)) => running.clears = INVALIDATED,
            Some(Entry::Queued(_)) => drop(shard.remove(digest)),
            None => {}
        }
    }

    /// Whether the entry was deleted while its value was being computed.
    pub(super) fn is_invalidated(&self, digest: &Digest) -> bool {
        let shard = self.shard(digest);
        matches!(shard.get(digest), Some(Entry::Running(running)) if running.clears == INVALIDATED)
    }

    /// Forgets all values that are on their way.
    pub(crate) fn forget_queued(&self) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, entry| matches!(entry, Entry::Running(_)));
        }
    }

    // No user code runs under these locks, so a poisoned one is as good as any.
    pub(super) fn shard(&self, digest: &Digest) -> MutexGuard<'_, Shard> {
        let index = usize::from(digest[31]) % SHARDS;
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the call for `digest` is still that of the leader with this progress.
    pub(super) fn is_led_by(&self, digest: &Digest, progress: &Arc<Progress>) -> bool {
        let shard = self.shard(digest);
        matches!(shard.get(digest), Some(Entry::Running(running)) if Arc::ptr_eq(&running.progress, progress))
    }

    /// Sends on all who wait for a leader that is no longer run.
    pub(super) fn abandon(&self, digest: &Digest, progress: &Arc<Progress>) {
        if self.is_led_by(digest, progress) {
            for follower in self.end(digest, None) {
                send_to(follower, Landing::Alone);
            }
        }
    }

    pub(super) fn end(
        &self,
        digest: &Digest,
        next: Option<Entry>,
    ) -> VecDeque<oneshot::Sender<Landing>> {
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

/// A follower that has gone needs no answer.
pub(super) fn send_to(follower: oneshot::Sender<Landing>, landing: Landing) {
    drop(follower.send(landing));
}
