//! The table of calls that are under way.

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
    entry::{Entry, Failed, Landed, Queued, Shard},
    knots,
    leader::{PATIENCE, Role},
    pace::{FLOOR, Patience},
    progress::{self, Progress},
    running::{Queue, Running, State, Waiting},
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

/// A cache's patience is halved at most this often.
const HALVINGS: u32 = 6;

/// The calls of one cache that are under way, and its values that are not yet stored.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    shards: [Mutex<Shard>; SHARDS],
    /// How often the patience of followers has been halved: where they had to be let go because they held up their leader,
    /// others soon will.
    halvings: AtomicU32,
}

impl Flights {
    pub(crate) fn new() -> Self {
        waking::learn(Whose::Flights, [progress::example()]);
        Self::default()
    }

    /// Joins the call for `digest`; `epoch` tells of the clears so far.
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
        // Before the lock: both may run code that is not ours.
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
        // What began before a clear is not for those who come after it: they begin anew.
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

    /// Lets go who has waited long enough. `None` where nobody waits, else when to look again.
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

    /// The least patience of followers.
    fn floor(&self) -> Duration {
        FLOOR / (1 << self.halvings.load(Ordering::Relaxed).min(HALVINGS))
    }

    /// Learns from a call some of whose followers were let go: whether their leader needed what they held, for one that began after
    /// it has ended before it.
    fn learn(&self, state: &State, leader: &Leader) {
        let is_knot = matches!(leader.role, Role::LetGo { .. }) && state.leaders > 0;
        if is_knot {
            knots::add();
        }
        let change = |halvings: u32| match leader.role {
            Role::LetGo { .. } if is_knot => Some((halvings + 1).min(HALVINGS)),
            Role::First => Some(halvings.saturating_sub(1)),
            Role::LetGo { .. } | Role::Beside => None,
        };
        if state.let_go > 0 {
            _ = self
                .halvings
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
        }
    }

    /// Gives a value that is on its way, and used again, its new place in the queue: `queue` gives its new ticket, if it
    /// gets one.
    pub(crate) fn requeue(
        &self,
        digest: &Digest,
        queued: &Queued,
        queue: impl FnOnce() -> Option<u64>,
    ) {
        let mut shard = self.shard(digest);
        if let Some(Entry::Queued(current)) = shard.get_mut(digest)
            && current.ticket == queued.ticket
            // Under the lock: a deletion that comes between would be overtaken.
            && let Some(ticket) = queue()
        {
            current.ticket = ticket;
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
            Entry::Running(running) => running.state().line.len(),
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
        match shard.get(digest) {
            Some(Entry::Running(running)) => running.state().freshness = Freshness::Revoked,
            Some(Entry::Queued(_)) => drop(shard.remove(digest)),
            None => {}
        }
    }

    /// Has what is being looked up at `digest`, or anywhere, go to nobody who comes from now on: Redis may have answered
    /// before something was deleted.
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
    fn shard(&self, digest: &Digest) -> MutexGuard<'_, Shard> {
        let index = usize::from(digest[31]) % SHARDS;
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a leader's call, if it has not ended, and gives back who waits for it.
    pub(super) fn end(&self, leader: &Leader, followed: Landed<'_>) -> Queue {
        let mut shard = self.shard(&leader.digest);
        let mut state = leader.running.state();
        let others_lead = state.remove_leader(leader.is_looking);
        if state.has_ended {
            return Queue::default();
        }
        let is_wanted = !state.freshness.is_revoked();
        let is_ours = is_at(&shard, leader);
        let line = state.end();
        let contents = match followed {
            Landed::Stored(contents) | Landed::Queued { contents, .. } => Some(contents),
            Landed::Nothing => None,
        };
        if contents.is_some() {
            self.learn(&state, leader);
        }
        if others_lead {
            state.value = contents.cloned();
        }
        drop(state);
        if !is_ours {
            return line;
        }
        // The leader keeps what is dropped here alive.
        shard.remove(&leader.digest);
        if let Landed::Queued {
            contents,
            epoch,
            queue,
        } = followed
            && is_wanted
            // Under the lock: a deletion that comes between would be overtaken.
            && let Some(ticket) = queue()
        {
            let queued = Queued {
                contents: contents.clone(),
                epoch,
                ticket,
                since: Instant::now(),
            };
            shard.insert(leader.digest, Entry::Queued(queued));
        }
        line
    }

    /// Ends a leader that nobody waits for.
    pub(super) fn leave_alone(&self, leader: &Leader) -> bool {
        let mut _ended = None;
        let mut shard = self.shard(&leader.digest);
        let mut state = leader.running.state();
        if !state.line.is_empty() {
            return false;
        }
        if !state.remove_leader(leader.is_looking) {
            _ended = Some(state.end());
            if is_at(&shard, leader) {
                shard.remove(&leader.digest);
            }
        }
        true
    }

    /// Ends a leader without a value.
    pub(super) fn fail(&self, leader: &Leader) -> Failed {
        // What is the first leader's is dropped after the locks.
        let mut _first = None;
        let mut shard = self.shard(&leader.digest);
        let mut state = leader.running.state();
        state.failures += 1;
        if leader.role == Role::First {
            _first = Some(state.take_first());
        }
        if matches!(leader.role, Role::LetGo { .. }) && state.leaders > 1 {
            knots::add();
        }
        let is_patient = state.failures < PATIENCE;
        // One that leads beside it may still have a value: but those who come are not held up for one that hangs, while the
        // others fail.
        if state.has_ended || state.leaders > 1 && is_patient {
            state.remove_leader(leader.is_looking);
            return Failed::Nothing;
        }
        let is_ours = is_at(&shard, leader);
        if is_ours && is_patient && !state.line.is_empty() {
            if !leader.is_looking {
                state.looking += 1;
            }
            state.begin_again(Instant::now());
            return Failed::PassOn;
        }
        state.remove_leader(leader.is_looking);
        let line = state.end();
        if is_ours {
            shard.remove(&leader.digest);
        }
        Failed::SendOn(line)
    }

    /// Takes the next one out of the line; where there is none, the leader leads no more.
    pub(super) fn next_in_line(&self, leader: &Leader) -> Option<Waiting> {
        let mut _ended = None;
        let mut shard = self.shard(&leader.digest);
        let mut state = leader.running.state();
        let next = state.line.pop_front();
        if next.is_none() && !state.remove_leader(leader.is_looking) {
            _ended = Some(state.end());
            if is_at(&shard, leader) {
                shard.remove(&leader.digest);
            }
        }
        next
    }
}

/// Whether the call at a leader's key is the one that it leads.
fn is_at(shard: &Shard, leader: &Leader) -> bool {
    matches!(
        shard.get(&leader.digest),
        Some(Entry::Running(running)) if Arc::ptr_eq(running, &leader.running)
    )
}
