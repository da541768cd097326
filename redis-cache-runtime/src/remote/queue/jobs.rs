//! The jobs that wait, in the order in which the writer takes them.

use std::collections::{BTreeMap, HashMap};

use super::Job;

/// The place of a job in the order: the writer takes the lowest turn first.
pub(super) type Turn = u64;

/// The jobs by turn: one job is found, added or taken in logarithmic time, also from the middle.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    by_turn: BTreeMap<Turn, Job>,
    last: Turn,
    /// The turns of stores that were moved, by their tickets. The ticket of any other store is its turn.
    moved: HashMap<u64, Turn>,
    bytes: usize,
    stores: usize,
    waited_for: usize,
    last_waited_for: Turn,
}

impl Jobs {
    pub(super) fn len(&self) -> usize {
        self.by_turn.len()
    }

    /// How many bytes of values the jobs hold.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many of the jobs are stores.
    pub(super) const fn stores(&self) -> usize {
        self.stores
    }

    /// How many of the jobs have a caller that waits for them.
    pub(super) const fn waited_for(&self) -> usize {
        self.waited_for
    }

    /// Whether a caller waits for a job after this turn.
    pub(super) const fn is_waited_for_after(&self, turn: Turn) -> bool {
        self.last_waited_for > turn
    }

    pub(super) const fn is_last(&self, turn: Turn) -> bool {
        self.last == turn
    }

    pub(super) fn front(&self) -> Option<(Turn, &Job)> {
        let (turn, job) = self.by_turn.first_key_value()?;
        Some((*turn, job))
    }

    pub(super) fn get(&self, turn: Turn) -> Option<&Job> {
        self.by_turn.get(&turn)
    }

    /// Puts a job behind all others.
    pub(super) fn push_back(&mut self, job: impl FnOnce(Turn) -> Job) -> Turn {
        self.last += 1;
        self.put(self.last, job(self.last));
        self.last
    }

    /// Puts a job at a turn that no job has.
    pub(super) fn put(&mut self, turn: Turn, job: Job) {
        self.bytes += job.bytes();
        self.stores += usize::from(job.ticket().is_some());
        if job.is_waited_for() {
            self.waited_for += 1;
            self.last_waited_for = turn;
        }
        if let Some(ticket) = job.ticket().filter(|ticket| *ticket != turn) {
            self.moved.insert(ticket, turn);
        }
        self.by_turn.insert(turn, job);
    }

    pub(super) fn pop_front(&mut self) -> Option<Job> {
        let (turn, _) = self.front()?;
        self.take(turn)
    }

    pub(super) fn take(&mut self, turn: Turn) -> Option<Job> {
        let job = self.by_turn.remove(&turn)?;
        self.bytes -= job.bytes();
        self.waited_for -= usize::from(job.is_waited_for());
        if let Some(ticket) = job.ticket() {
            self.stores -= 1;
            self.moved.remove(&ticket);
        }
        Some(job)
    }

    /// Takes all jobs that no caller waits for.
    pub(super) fn take_unawaited(&mut self) -> Vec<Job> {
        let unawaited = self.by_turn.iter().filter(|(_, job)| !job.is_waited_for());
        let turns: Vec<Turn> = unawaited.map(|(turn, _)| *turn).collect();
        turns
            .into_iter()
            .filter_map(|turn| self.take(turn))
            .collect()
    }

    /// The turn of the store with this ticket.
    pub(super) fn turn_of(&self, ticket: u64) -> Option<Turn> {
        let turn = self.moved.get(&ticket).copied().unwrap_or(ticket);
        let its = self.get(turn)?.ticket()?;
        (its == ticket).then_some(turn)
    }

    /// Whether at least so many stores come after this turn.
    pub(super) fn has_stores_after(&self, turn: Turn, stores: usize) -> bool {
        if self.stores < stores {
            return false;
        }
        let behind = self.by_turn.range(turn + 1..);
        let behind = behind.filter(|(_, job)| job.ticket().is_some());
        behind.zip(0..stores).count() >= stores
    }
}
