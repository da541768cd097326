//! What is behind the queue's lock.

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

/// A store that has been queued for so long keeps its place: one that is used all the time would else never be sent.
const MOVES: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) jobs: Jobs,
    pub(super) touches: Touches,
    /// How many stores there have been.
    pub(super) pushed: u64,
    /// Stores that have been taken and have not ended, by their ticket, and how many had been pushed up to each of them.
    pub(super) taken: Vec<(u64, u64)>,
    /// Clears that Redis has not been told of: what it says of the latest is not news until then.
    pub(super) clears: usize,
    /// Places that were kept for too long, and have not been reported.
    pub(super) late: usize,
}

impl State {
    /// Whether as many are waited for as may be.
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

    /// Queues the touches that wait.
    pub(super) fn push_touches(&mut self) {
        let touches = self.touches.take();
        self.jobs.push_back(|_| Job::Touch { touches });
    }

    /// Until when the first thing to tell is waited for.
    pub(super) fn front_kept_until(&self) -> Option<Instant> {
        match self.jobs.front() {
            Some((_, Job::Kept { since, .. })) => Some(*since + PATIENCE),
            _ => None,
        }
    }

    /// Takes back a place, if it is kept still, with the touches that it would have carried.
    pub(super) fn take_place(&mut self, Place(turn): &Place) -> Option<Vec<Member>> {
        self.jobs
            .get(*turn)
            .filter(|job| matches!(job, Job::Kept { .. }))?;
        match self.jobs.take(*turn) {
            Some(Job::Kept { touches, .. }) => Some(touches),
            _ => None,
        }
    }

    /// Leaves touches in a turn whose job has been taken.
    pub(super) fn leave_touches(&mut self, turn: Turn, touches: Vec<Member>) {
        if !touches.is_empty() {
            self.jobs.put(turn, Job::Touch { touches });
        }
    }

    /// Moves a store behind all that happened since, the touches that it carries excepted. Tells whether it is there.
    pub(super) fn move_back(&mut self, turn: Turn) -> bool {
        if self.jobs.is_last(turn) {
            return self.touches.len() == 0;
        }
        // Each move may leave touches.
        let is_full = self.jobs.len() >= QUEUED_VALUES;
        // Who waits for a job waits for the stores before it too.
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

    /// How many stores there were after one that has been taken.
    pub(super) fn stores_behind_taken(&self, ticket: u64) -> u64 {
        let taken = self.taken.iter().find(|(taken, _)| *taken == ticket);
        taken.map_or(0, |(_, before)| self.pushed - before)
    }
}
