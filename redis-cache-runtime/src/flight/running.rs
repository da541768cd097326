//! A call under way: its leaders, and the line of its followers.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::runtime::{Handle, Id};

use super::{
    FlightResult,
    pace::{Due, Pace, Patience},
    probe::{Probe, Question},
    progress::{Progress, STALLED},
};
use crate::{
    conn::Deadline,
    process::oneshot,
    remote::{Epoch, Freshness},
    value::envelope::Contents,
};

/// From this length on the line is searched for followers that were cancelled.
const PRUNE: usize = 64;

/// A follower in the line.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) sender: oneshot::Sender<FlightResult>,
    pub(super) is_task: bool,
    /// The Tokio runtime whose worker it blocks.
    pub(super) blocks: Option<Id>,
}

/// The followers of a call that has ended. To be dropped where no lock is held.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) waiting: VecDeque<Waiting>,
    _deadline: Option<Deadline>,
}

/// A call under way. Where several callers lead it, all get the first value.
#[derive(Debug)]
pub(super) struct Running {
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) line: VecDeque<Waiting>,
    pub(super) leaders: usize,
    /// How many leaders are still asking Redis.
    pub(super) looking: usize,
    /// How many leaders have ended without a value.
    pub(super) failures: u32,
    /// Which callers may join it.
    pub(super) freshness: Freshness,
    pub(super) has_ended: bool,
    /// The call's value, for followers that were let go and have not begun to lead.
    pub(super) value: Option<Contents>,
    /// Whether the first leader is polled, where it is a task.
    pub(super) progress: Option<Arc<Progress>>,
    /// The runtime of the first leader.
    led_on: Option<Probe>,
    /// The runtimes whose workers followers block.
    followed_on: Vec<Probe>,
    /// `None` where no caller follows.
    pub(super) pace: Option<Pace>,
    patience: Option<Patience>,
    /// At this length of the line cancelled followers are taken out.
    prune_at: usize,
    /// How many followers were let go because they had waited too long.
    pub(super) let_go: u32,
    /// Whether all followers were let go at once.
    pub(super) is_given_up: bool,
    /// Whether the deadlines' thread looks after followers that are tasks.
    pub(super) is_watched: bool,
    /// When that thread looks next.
    deadline: Option<Deadline>,
}

/// The work that must be done without a lock, and when to look again.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) questions: Vec<Question>,
    /// Followers that lead from now on.
    pub(super) let_go: Vec<Waiting>,
    /// Whether they were let go because their leader, or the runtime that they block, is not run.
    pub(super) was_stuck: bool,
    /// `None` where no caller follows.
    pub(super) next: Option<Instant>,
}

impl Running {
    /// A call with one leader.
    pub(super) fn new(
        epoch: Epoch,
        progress: Option<Arc<Progress>>,
        runtime: Option<Handle>,
    ) -> Self {
        Self {
            state: Mutex::new(State {
                line: VecDeque::new(),
                leaders: 1,
                looking: 1,
                failures: 0,
                freshness: Freshness::Of(epoch),
                has_ended: false,
                value: None,
                progress,
                led_on: runtime.map(Probe::new),
                followed_on: Vec::new(),
                pace: None,
                patience: None,
                prune_at: PRUNE,
                let_go: 0,
                is_given_up: false,
                is_watched: false,
                deadline: None,
            }),
        }
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks how long the followers have waited. `is_watch`: the watch looks, not a follower.
    pub(super) fn turn(&self, now: Instant, is_watch: bool) -> Turn {
        let mut state = self.state();
        let turn = state.turn(now);
        if is_watch && turn.next.is_none() {
            state.is_watched = false;
        }
        turn
    }
}

impl State {
    /// Puts a follower into the line.
    pub(super) fn follow(
        &mut self,
        waiting: Waiting,
        runtime: Option<Handle>,
        patience: Patience,
        now: Instant,
    ) {
        if let Some(runtime) = runtime
            && waiting.blocks == Some(runtime.id())
            && !self.probes().any(|probe| probe.id() == runtime.id())
        {
            self.followed_on.push(Probe::new(runtime));
        }
        if self.line.len() >= self.prune_at {
            self.line.retain(|waiting| !waiting.sender.is_closed());
            self.prune_at = PRUNE.max(self.line.len() * 2);
        }
        self.line.push_back(waiting);
        let patience = *self.patience.get_or_insert(patience);
        self.pace.get_or_insert_with(|| Pace::begin(patience, now));
    }

    /// Adds a leader.
    pub(super) const fn add_leader(&mut self) {
        self.leaders += 1;
        self.looking += 1;
    }

    /// Removes a leader. Tells whether there are others.
    pub(super) const fn remove_leader(&mut self, is_looking: bool) -> bool {
        self.leaders = self.leaders.saturating_sub(1);
        if is_looking {
            self.looking = self.looking.saturating_sub(1);
        }
        self.leaders > 0
    }

    /// Takes out the signs of the first leader's progress.
    pub(super) const fn take_first(&mut self) -> (Option<Arc<Progress>>, Option<Probe>) {
        (self.progress.take(), self.led_on.take())
    }

    /// Puts a follower that was let go back to the head of the line.
    pub(super) fn follow_again(&mut self, waiting: Waiting, now: Instant) {
        self.line.push_front(waiting);
        if let Some(patience) = self.patience {
            self.pace.get_or_insert_with(|| Pace::begin(patience, now));
        }
    }

    /// Begins the followers' wait anew: they have another leader.
    pub(super) fn begin_again(&mut self, now: Instant) {
        if let Some(pace) = &mut self.pace {
            *pace = Pace::begin(pace.patience, now);
        }
    }

    /// Ends the call, and gives back its followers.
    pub(super) fn end(&mut self) -> Queue {
        self.has_ended = true;
        self.pace = None;
        Queue {
            waiting: std::mem::take(&mut self.line),
            _deadline: self.deadline.take(),
        }
    }

    /// Sets when the watch looks again. The deadline that this gives back is to be dropped where no lock is held.
    pub(super) fn set_deadline(&mut self, deadline: Deadline) -> Option<Deadline> {
        if self.has_ended {
            return Some(deadline);
        }
        self.deadline.replace(deadline)
    }

    fn probes(&self) -> impl Iterator<Item = &Probe> {
        self.led_on.iter().chain(&self.followed_on)
    }

    /// How long a runtime may leave a probe unanswered. It is probed when half of the patience is over.
    fn probing(&self) -> Option<Duration> {
        self.patience.map(|patience| patience.short / 2)
    }

    /// Whether the first leader is not being run.
    pub(super) fn is_stuck(&self, now: Instant) -> bool {
        let is_stalled = |progress: &Arc<Progress>| progress.is_stalled();
        let is_overdue = |probe: &Probe| {
            self.probing()
                .is_some_and(|patience| probe.is_overdue(now, patience))
        };
        self.led_on.as_ref().is_some_and(is_overdue)
            || self.progress.as_ref().is_some_and(is_stalled)
    }

    /// Whether a runtime leaves its probe unanswered.
    pub(super) fn is_blocked(&self, runtime: Id, now: Instant) -> bool {
        let Some(patience) = self.probing() else {
            return false;
        };
        self.probes()
            .any(|probe| probe.id() == runtime && probe.is_overdue(now, patience))
    }

    fn turn(&mut self, now: Instant) -> Turn {
        let mut turn = Turn::default();
        if self.line.is_empty() {
            self.pace = None;
            return turn;
        }
        let Some(mut pace) = self.pace else {
            return turn;
        };
        let mut next = Vec::new();
        if self.progress.is_some() {
            next.push(now + STALLED / 2);
        }
        let probing = pace.patience.short / 2;
        for probe in self.led_on.iter_mut().chain(&mut self.followed_on) {
            let (question, later) = probe.turn(pace.began, now, probing);
            turn.questions.extend(question);
            next.extend(later);
        }
        // Followers that block the runtime's workers hold it up for as long as they wait.
        let (blocking, others) = std::mem::take(&mut self.line)
            .into_iter()
            .partition(|waiting| {
                waiting
                    .blocks
                    .is_some_and(|runtime| self.is_blocked(runtime, now))
            });
        self.line = others;
        turn.let_go = blocking.into();
        let is_stuck = self.is_stuck(now);
        turn.was_stuck = is_stuck || !turn.let_go.is_empty();
        match pace.turn(now, is_stuck) {
            Due::Nobody => {}
            Due::First => turn.let_go.extend(self.line.pop_front()),
            Due::All => {
                turn.let_go.extend(self.line.drain(..));
                self.is_given_up = true;
            }
        }
        for _ in &turn.let_go {
            self.add_leader();
            self.let_go += 1;
        }
        next.push(pace.next(is_stuck));
        self.pace = (!self.line.is_empty()).then_some(pace);
        turn.next = self.pace.and(next.into_iter().min());
        turn
    }
}
