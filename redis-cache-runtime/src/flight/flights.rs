//! The table of calls that are under way.

use std::{
    collections::{HashMap, VecDeque},
    hash::BuildHasherDefault,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    Joined, Landing, Leader,
    progress::{Progress, watch},
};
use crate::{
    envelope::Contents,
    key::{Digest, DigestHasher},
    slot,
    store::Epoch,
};

const SHARDS: usize = 16;

/// A number of clears that is never reached: what is marked with it belongs to nobody who comes later.
const INVALIDATED: u64 = u64::MAX;

/// A value on its way to Redis.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) contents: Contents,
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
    pub(super) followers: VecDeque<slot::Sender<Landing>>,
    pub(super) progress: Arc<Progress>,
    /// The clears that came before.
    pub(super) clears: u64,
    /// Whether Redis is still being asked.
    pub(super) is_looking: bool,
}

pub(super) type Shard = HashMap<Digest, Entry, BuildHasherDefault<DigestHasher>>;

/// The calls of one cache that are under way, and its values that are not yet stored.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    shards: [Mutex<Shard>; SHARDS],
    tickets: AtomicU64,
}

impl Flights {
    /// Joins the call for `digest`; `epoch` tells of the clears so far.
    pub(crate) fn join(&'static self, digest: Digest, epoch: Epoch) -> Joined {
        let mut shard = self.shard(&digest);
        match shard.get_mut(&digest) {
            None => {
                let progress = Arc::<Progress>::default();
                let running = Running {
                    followers: VecDeque::new(),
                    progress: Arc::clone(&progress),
                    clears: epoch.count,
                    is_looking: true,
                };
                shard.insert(digest, Entry::Running(running));
                drop(shard);
                Joined::Lead(Leader::first(self, digest, progress))
            }
            // What began before a clear is not for those who come after it: they begin anew.
            Some(Entry::Running(running)) if running.clears != epoch.count => {
                let progress = Arc::<Progress>::default();
                let before = std::mem::replace(&mut running.progress, Arc::clone(&progress));
                before.take_over(std::mem::take(&mut running.followers));
                running.clears = epoch.count;
                running.is_looking = true;
                drop(shard);
                Joined::Lead(Leader::first(self, digest, progress))
            }
            Some(Entry::Queued(queued)) if queued.epoch.count != epoch.count => Joined::Alone,
            Some(Entry::Running(running)) => {
                let (sender, receiver) = slot::channel();
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

    /// Has a value stored once more that is used again while it is on its way, if others have been queued behind it: they
    /// may evict it. `queue` gets the new ticket; where it refuses, the value is forgotten. Tells whether it was asked.
    pub(crate) fn requeue(
        &self,
        digest: &Digest,
        queued: &Queued,
        queue: impl FnOnce(u64) -> bool,
    ) -> bool {
        if queued.ticket + 1 == self.tickets.load(Ordering::Relaxed) {
            return false;
        }
        let mut shard = self.shard(digest);
        match shard.get_mut(digest) {
            Some(Entry::Queued(current)) if current.ticket == queued.ticket => {
                current.ticket = self.ticket();
                // Under the lock: a deletion that comes between would be overtaken.
                if !queue(current.ticket) {
                    shard.remove(digest);
                }
                true
            }
            _ => false,
        }
    }

    /// Forgets a value that has reached Redis, or never will.
    pub(crate) fn settle(&self, digest: &Digest, ticket: u64) {
        let mut shard = self.shard(digest);
        if matches!(shard.get(digest), Some(Entry::Queued(queued)) if queued.ticket == ticket) {
            shard.remove(digest);
        }
    }

    /// Has a value that is on its way go to nobody any more.
    pub(crate) fn forget(&self, digest: &Digest, queued: &Queued) {
        self.settle(digest, queued.ticket);
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

    /// Says that Redis had nothing, and the body runs.
    pub(super) fn computes(&self, digest: &Digest, progress: &Arc<Progress>) {
        let mut shard = self.shard(digest);
        if let Some(Entry::Running(running)) = shard.get_mut(digest)
            && Arc::ptr_eq(&running.progress, progress)
        {
            running.is_looking = false;
        }
    }

    /// Has what is being looked up at `digest`, or anywhere, go to nobody who comes from now on: Redis may have answered
    /// before something was deleted.
    pub(crate) fn distrust(&self, digest: Option<&Digest>) {
        let distrust = |entry: &mut Entry| {
            if let Entry::Running(running) = entry
                && running.is_looking
            {
                running.clears = INVALIDATED;
            }
        };
        match digest {
            Some(digest) => {
                self.shard(digest).get_mut(digest).map(distrust);
            }
            None => {
                for shard in &self.shards {
                    let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
                    shard.values_mut().for_each(distrust);
                }
            }
        }
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
        for follower in self.end(digest, progress) {
            send_to(follower, Landing::Alone);
        }
    }

    /// Ends the call of the leader with this progress, and gives back who waits for it.
    pub(super) fn end(
        &self,
        digest: &Digest,
        progress: &Arc<Progress>,
    ) -> VecDeque<slot::Sender<Landing>> {
        let mut shard = self.shard(digest);
        match shard.get(digest) {
            Some(Entry::Running(running)) if Arc::ptr_eq(&running.progress, progress) => {
                match shard.remove(digest) {
                    Some(Entry::Running(running)) => running.followers,
                    Some(Entry::Queued(_)) | None => VecDeque::new(),
                }
            }
            // Another leads since.
            _ => progress.followers(),
        }
    }

    /// Ends the call of the leader with this progress, unless somebody waits for it.
    pub(super) fn end_alone(&self, digest: &Digest, progress: &Arc<Progress>) -> bool {
        let mut shard = self.shard(digest);
        let is_alone = matches!(
            shard.get(digest),
            Some(Entry::Running(running))
                if Arc::ptr_eq(&running.progress, progress) && running.followers.is_empty()
        );
        if is_alone {
            shard.remove(digest);
        }
        is_alone
    }

    /// [`end`](Self::end) with a value that is to be stored, if that is still wanted. `queue` gets its ticket.
    pub(super) fn end_queued(
        &self,
        digest: &Digest,
        progress: &Arc<Progress>,
        (contents, epoch): (&Contents, Epoch),
        queue: impl FnOnce(u64) -> bool,
    ) -> VecDeque<slot::Sender<Landing>> {
        let mut shard = self.shard(digest);
        let followers = match shard.get_mut(digest) {
            Some(Entry::Running(running)) if Arc::ptr_eq(&running.progress, progress) => {
                let followers = std::mem::take(&mut running.followers);
                if running.clears == INVALIDATED {
                    shard.remove(digest);
                    return followers;
                }
                followers
            }
            _ => return progress.followers(),
        };
        let ticket = self.ticket();
        // Under the lock: a deletion that comes between would be overtaken.
        if queue(ticket) {
            let contents = contents.clone();
            let queued = Queued {
                contents,
                epoch,
                ticket,
            };
            shard.insert(*digest, Entry::Queued(queued));
        } else {
            shard.remove(digest);
        }
        followers
    }
}

/// A follower that has gone needs no answer.
pub(super) fn send_to(follower: slot::Sender<Landing>, landing: Landing) {
    drop(follower.send(landing));
}
