//! What is behind the queue's lock.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{JOBS, Job, PATIENCE, Place, TOUCHES};
use crate::{
    key::Digest,
    remote::{keyspace::member, touches::Touches},
};

/// A store that has been queued for so long keeps its place: one that is used all the time would else never be sent.
const MOVES: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) jobs: VecDeque<Job>,
    pub(super) bytes: usize,
    /// How many of `jobs` are stores.
    pub(super) stores: usize,
    pub(super) touches: Touches,
    /// How many stores there have been.
    pub(super) pushed: u64,
    /// How many places have been kept.
    pub(super) kept: u64,
    /// Stores that have been taken and have not ended, by their ticket, and how many had been pushed up to each of them.
    pub(super) taken: Vec<(u64, u64)>,
    /// Clears that Redis has not been told of: what it says of the latest is not news until then.
    pub(super) clears: usize,
    /// Places that were kept for too long, and have not been reported.
    pub(super) late: usize,
}

impl State {
    /// Whether as many are waited for as may be.
    pub(super) fn is_crowded(&self) -> bool {
        let waited_for = self.jobs.iter().filter(|job| job.is_waited_for());
        waited_for.count() >= JOBS
    }

    pub(super) fn touch(&mut self, digest: &Digest) -> bool {
        let first = self.touches.add(member(digest));
        if self.touches.len() < TOUCHES {
            return first;
        }
        let touches = self.touches.take();
        self.jobs.push_back(Job::Touch { touches });
        true
    }

    /// Until when the first thing to tell is waited for.
    pub(super) fn front_kept_until(&self) -> Option<Instant> {
        match self.jobs.front() {
            Some(Job::Kept { since, .. }) => Some(*since + PATIENCE),
            _ => None,
        }
    }

    /// Where a place is.
    pub(super) fn kept_at(&self, place: &Place) -> Option<usize> {
        let is_it = |job: &Job| matches!(job, Job::Kept { number, .. } if *number == place.0);
        self.jobs.iter().position(is_it)
    }

    /// Where the store with this ticket waits. What is used often has been moved to the back.
    pub(super) fn place_of(&self, ticket: u64) -> Option<usize> {
        let is_it = |job: &Job| matches!(job, Job::Store { ticket: its, .. } if *its == ticket);
        self.jobs.iter().rposition(is_it)
    }

    /// Moves a store behind all that happened since, the touches that it carries excepted. Tells whether it is there.
    pub(super) fn move_back(&mut self, place: usize) -> bool {
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

    pub(super) fn stores_behind(&self, place: usize) -> u64 {
        let stores = self.jobs.range(place + 1..);
        let stores = stores.filter(|job| matches!(job, Job::Store { .. }));
        stores.count() as u64
    }

    /// How many stores there were after one that has been taken.
    pub(super) fn stores_behind_taken(&self, ticket: u64) -> u64 {
        let taken = self.taken.iter().find(|(taken, _)| *taken == ticket);
        taken.map_or(0, |(_, before)| self.pushed - before)
    }
}
