//! The state behind the queue's lock.

use std::time::{Duration, Instant};

use super::{
    Job, PATIENCE, Place, TOUCHES,
    jobs::{Jobs, Turn},
};
use crate::{
    key::Digest,
    limits::QUEUED_VALUES,
    remote::{
        keyspace::{Member, member},
        touches::Touches,
    },
};

/// A store that has been queued for this long no longer moves back: one that is used all the time would never be sent.
const MOVES: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) jobs: Jobs,
    pub(super) touches: Touches,
    /// How many stores were queued, ever.
    pub(super) pushed: u64,
    /// The tickets of stores that were taken and have not ended, each with the number of stores up to it.
    pub(super) taken: Vec<(u64, u64)>,
    /// How many clears of this process have not ended. Until they have, Redis' reports of earlier ones are ignored.
    pub(super) clears: usize,
    /// How many places were kept for too long, and not reported yet.
    pub(super) late: usize,
}

impl State {
    /// Whether callers wait for as many jobs as may be queued for them.
    pub(super) const fn is_crowded(&self) -> bool {
        self.jobs.waited_for() >= QUEUED_VALUES
    }

    pub(super) fn touch(&mut self, digest: &Digest) -> bool {
        let first = self.touches.add(member(digest));
        if self.touches.len() < TOUCHES {
            return first;
        }
        self.push_touches();
        true
    }

    /// Queues the touches that wait, as one job.
    pub(super) fn push_touches(&mut self) {
        let touches = self.touches.take();
        self.jobs.push_back(|_| Job::Touch { touches });
    }

    /// When the place at the front runs out; `None` where another job is at the front.
    pub(super) fn front_kept_until(&self) -> Option<Instant> {
        match self.jobs.front() {
            Some((_, Job::Kept { since, .. })) => Some(*since + PATIENCE),
            _ => None,
        }
    }

    /// Frees a place, if it is still kept, and returns the touches that its store would have carried.
    pub(super) fn take_place(&mut self, Place(turn): &Place) -> Option<Vec<Member>> {
        self.jobs
            .get(*turn)
            .filter(|job| matches!(job, Job::Kept { .. }))?;
        match self.jobs.take(*turn) {
            Some(Job::Kept { touches, .. }) => Some(touches),
            _ => None,
        }
    }

    /// Puts touches at the turn of a job that has been taken.
    pub(super) fn leave_touches(&mut self, turn: Turn, touches: Vec<Member>) {
        if !touches.is_empty() {
            self.jobs.put(turn, Job::Touch { touches });
        }
    }

    /// Moves a store behind all later jobs and touches; the touches that it carried stay. Returns whether it is the latest now.
    pub(super) fn move_back(&mut self, turn: Turn) -> bool {
        if self.jobs.is_last(turn) {
            return self.touches.len() == 0;
        }
        // A move may leave a job of touches behind, so the queue could grow beyond its bound.
        let is_full = self.jobs.len() >= QUEUED_VALUES;
        // A caller that waits for a later job waits for this store too.
        if is_full || self.jobs.is_waited_for_after(turn) {
            return false;
        }
        match self.jobs.get(turn) {
            Some(Job::Store { since, .. }) if since.elapsed() < MOVES => {}
            _ => return false,
        }
        let mut store = self.jobs.take(turn);
        if let Some(Job::Store { touches, .. }) = &mut store {
            let carried = std::mem::replace(touches, self.touches.take());
            self.leave_touches(turn, carried);
        }
        if let Some(store) = store {
            self.jobs.push_back(|_| store);
        }
        true
    }

    /// How many stores came after one that was taken; 0 where that one has ended.
    pub(super) fn stores_behind_taken(&self, ticket: u64) -> u64 {
        let taken = self.taken.iter().find(|(taken, _)| *taken == ticket);
        taken.map_or(0, |(_, before)| self.pushed - before)
    }
}
