//! How a leader ends: with a value, without one, or as one of several.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use super::{
    Leader,
    entry::{Completion, Entry, Failed, Queued, Shard},
    flights::{Flights, HALVINGS},
    knots,
    leader::{PATIENCE, Role},
    running::{Queue, State, Waiting},
};

impl Flights {
    /// Ends a leader's call, if it has not ended, and gives back its followers.
    pub(super) fn end(&self, leader: &Leader, followed: Completion<'_>) -> Queue {
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
            Completion::Stored(contents) | Completion::Queued { contents, .. } => Some(contents),
            Completion::Nothing => None,
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
        // The leader keeps the entry alive, so no user code is dropped under the lock.
        shard.remove(&leader.digest);
        if let Completion::Queued {
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

    /// Ends a leader without followers. Tells whether it had none.
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
        // The first leader's waker is dropped after the locks.
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
        // A leader beside this one may still have a value. But callers are not held up by a leader that hangs while the others
        // fail.
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

    /// Takes the next follower out of the line; where there is none, the leader's call ends.
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

    /// Learns from a call some of whose followers were let go. One of them that ends before its leader, although it began later, shows
    /// that the leader needed something which the followers held: a knot.
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
}

/// Whether the call at a leader's key is the one that it leads.
fn is_at(shard: &Shard, leader: &Leader) -> bool {
    matches!(
        shard.get(&leader.digest),
        Some(Entry::Running(running)) if Arc::ptr_eq(running, &leader.running)
    )
}
