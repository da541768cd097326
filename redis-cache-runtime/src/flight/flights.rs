//! The single-flight table: calls that are under way, by key.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::runtime::Handle;

use super::{
    Caller, FlightResult, Follower, Joined, Leader,
    entry::{Entry, Queued, Shard},
    knots,
    leader::Role,
    pace::{FLOOR, Patience},
    progress::{self, Progress},
    running::{Running, Waiting},
    watch::Watch,
};
use crate::{
    conn::Deadlines,
    key::Digest,
    process::{
        oneshot,
        waking::{self, Whose},
    },
    remote::{Epoch, Freshness},
};

const SHARDS: usize = 16;

/// The shortest wait of a cache's followers is halved at most so often: from 1 s to 16 ms.
pub(super) const HALVINGS: u32 = 6;

/// The calls of one cache that are under way, and its values that are on their way to Redis.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    shards: [Mutex<Shard>; SHARDS],
    /// How often the followers' shortest wait is halved: where followers have held up their leader, later ones will too.
    pub(super) halvings: AtomicU32,
}

impl Flights {
    pub(crate) fn new() -> Self {
        waking::learn(Whose::Flights, [progress::example()]);
        Self::default()
    }

    /// Joins the call for `digest`, or begins one; `epoch` is the caller's.
    pub(crate) fn join(&'static self, digest: Digest, epoch: Epoch, caller: Caller) -> Joined {
        self.join_at(digest, epoch, caller, Instant::now())
    }

    pub(super) fn join_at(
        &'static self,
        digest: Digest,
        epoch: Epoch,
        caller: Caller,
        now: Instant,
    ) -> Joined {
        // Before the lock, because both may run user code.
        let runtime = Handle::try_current().ok();
        let clock = caller.is_task.then(Deadlines::get).flatten();
        let shard = self.shard(&digest);
        let running = match shard.get(&digest) {
            Some(Entry::Running(running)) => Arc::clone(running),
            Some(Entry::Queued(queued)) if queued.is_old(now) => {
                return self.lead(shard, digest, epoch, caller, runtime);
            }
            Some(Entry::Queued(queued)) if !queued.epoch.holds_at(epoch) => {
                return Joined::Alone;
            }
            Some(Entry::Queued(queued)) => return Joined::Queued(queued.clone()),
            None => return self.lead(shard, digest, epoch, caller, runtime),
        };
        let mut state = running.state();
        // A caller who comes after a clear does not follow a call that began before it, but leads a new one.
        if !state.freshness.holds_at(epoch) {
            drop(state);
            return self.lead(shard, digest, epoch, caller, runtime);
        }
        let blocks = runtime.as_ref().map(Handle::id).filter(|_| !caller.is_task);
        let is_blocked = blocks.is_some_and(|runtime| state.is_blocked(runtime, now));
        let can_wait = !caller.leads && (!caller.is_task || clock.is_some());
        if !can_wait || is_blocked || std::mem::take(&mut state.is_given_up) {
            state.add_leader();
            drop(state);
            drop(shard);
            return Joined::Lead(Leader {
                flights: self,
                digest,
                running,
                progress: None,
                is_looking: true,
                role: Role::Beside,
                has_ended: false,
            });
        }
        let (sender, receiver) = oneshot::channel();
        let waiting = Waiting {
            sender,
            is_task: caller.is_task,
            blocks,
        };
        let patience = Patience::new(caller.usual, self.floor());
        state.follow(waiting, runtime, patience, now);
        let watch = clock.filter(|_| !std::mem::replace(&mut state.is_watched, true));
        drop(state);
        drop(shard);
        let follower = Follower {
            flights: self,
            digest,
            running,
            receiver,
            is_task: caller.is_task,
            blocks,
            has_returned: false,
        };
        if let Some(clock) = watch {
            Watch::begin(clock, self, digest, &follower.running);
        }
        Joined::Follow(follower)
    }

    fn lead(
        &'static self,
        mut shard: MutexGuard<'_, Shard>,
        digest: Digest,
        epoch: Epoch,
        caller: Caller,
        runtime: Option<Handle>,
    ) -> Joined {
        let progress = caller.is_task.then(Arc::<Progress>::default);
        let running = Arc::new(Running::new(epoch, progress.clone(), runtime));
        let before = shard.insert(digest, Entry::Running(Arc::clone(&running)));
        drop(shard);
        drop(before);
        Joined::Lead(Leader {
            flights: self,
            digest,
            running,
            progress,
            is_looking: true,
            role: Role::First,
            has_ended: false,
        })
    }

    /// Lets go the followers that have waited long enough. Returns when to look again; `None` where no caller follows.
    pub(super) fn look_after(
        &'static self,
        digest: &Digest,
        running: &Arc<Running>,
        now: Instant,
        is_watch: bool,
    ) -> Option<Instant> {
        let turn = running.turn(now, is_watch);
        for question in turn.questions {
            question.send();
        }
        // The same blocked workers may hold up calls with other keys too, so no body that runs now may raise its usual duration.
        if turn.was_stuck && !turn.let_go.is_empty() {
            knots::add();
        }
        for waiting in turn.let_go {
            let leader = Leader {
                flights: self,
                digest: *digest,
                running: Arc::clone(running),
                progress: None,
                is_looking: true,
                role: Role::LetGo {
                    was_stuck: turn.was_stuck,
                },
                has_ended: false,
            };
            match waiting.sender.send(FlightResult::Lead(leader)) {
                Err(FlightResult::Lead(leader)) => leader.pass_on(),
                Ok(()) | Err(FlightResult::Value(_) | FlightResult::Alone) => {}
            }
        }
        turn.next
    }

    /// The shortest wait of this cache's followers for a leader that may be making progress.
    fn floor(&self) -> Duration {
        FLOOR / (1 << self.halvings.load(Ordering::Relaxed).min(HALVINGS))
    }

    /// Queues a second store of a value that is on its way and was used. `queue` returns its ticket, if the queue takes it.
    pub(crate) fn requeue(
        &self,
        digest: &Digest,
        queued: &Queued,
        queue: impl FnOnce() -> Option<u64>,
    ) {
        let mut shard = self.shard(digest);
        if let Some(Entry::Queued(current)) = shard.get_mut(digest)
            && current.ticket == queued.ticket
            // Queued under the lock, so that no deletion can be queued in between: this store would undo it.
            && let Some(ticket) = queue()
        {
            current.ticket = ticket;
        }
    }

    /// Forgets a value when its store with this ticket has ended, well or not.
    pub(crate) fn settle(&self, digest: &Digest, ticket: u64) {
        let mut shard = self.shard(digest);
        if matches!(shard.get(digest), Some(Entry::Queued(queued)) if queued.ticket == ticket) {
            shard.remove(digest);
        }
    }

    /// Forgets a value that is on its way, so that later callers look it up.
    pub(crate) fn forget(&self, digest: &Digest, queued: &Queued) {
        self.settle(digest, queued.ticket);
    }

    /// How many callers follow a leader now.
    pub(crate) fn followers(&self) -> usize {
        let waiting = |entry: &Entry| match entry {
            Entry::Running(running) => running.state().line.len(),
            Entry::Queued(_) => 0,
        };
        let shards = self.shards.iter();
        shards
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
            .map(|shard| shard.values().map(waiting).sum::<usize>())
            .sum()
    }

    /// Withholds the value that is being computed or on its way from callers who come from now on.
    pub(crate) fn invalidate(&self, digest: &Digest) {
        let mut shard = self.shard(digest);
        match shard.get(digest) {
            Some(Entry::Running(running)) => running.state().freshness = Freshness::Revoked,
            Some(Entry::Queued(_)) => drop(shard.remove(digest)),
            None => {}
        }
    }

    /// Withholds the results of look-ups that are under way, at `digest` or at every key, from callers who come from now on:
    /// Redis may have answered a look-up before it deleted the entry.
    pub(crate) fn supersede(&self, digest: Option<&Digest>) {
        let supersede = |entry: &Entry| {
            if let Entry::Running(running) = entry {
                let mut state = running.state();
                if state.looking > 0 {
                    state.freshness = Freshness::Revoked;
                }
            }
        };
        match digest {
            Some(digest) => {
                self.shard(digest).get(digest).map(supersede);
            }
            None => {
                for shard in &self.shards {
                    let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
                    shard.values().for_each(supersede);
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

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let mut shards = self.shards.iter();
        shards.all(|shard| shard.lock().is_ok_and(|shard| shard.is_empty()))
    }

    // No user code runs under these locks, so a poisoned one is as good as any.
    pub(super) fn shard(&self, digest: &Digest) -> MutexGuard<'_, Shard> {
        let index = usize::from(digest[31]) % SHARDS;
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
