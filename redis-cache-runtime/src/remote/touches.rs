//! The entries that were used.

use std::{
    collections::HashMap,
    hash::BuildHasherDefault,
    time::{Duration, Instant},
};

use super::keyspace::Member;
use crate::key::DigestHasher;

/// How long touches wait for a store that carries them; after that they are sent alone.
const TOUCH_INTERVAL: Duration = Duration::from_millis(50);

/// The entries that were used since the last store, each once, in the order of their last use.
#[derive(Debug, Default)]
pub(super) struct Touches {
    recent: HashMap<Member, u64, BuildHasherDefault<DigestHasher>>,
    clock: u64,
    since: Option<Instant>,
}

impl Touches {
    /// Records a use. Returns whether it is the first since [`take`](Self::take).
    pub(super) fn add(&mut self, member: Member) -> bool {
        self.clock += 1;
        self.recent.insert(member, self.clock);
        let first = self.since.is_none();
        if first {
            self.since = Some(Instant::now());
        }
        first
    }

    pub(super) fn take(&mut self) -> Vec<Member> {
        self.since = None;
        let mut members: Vec<_> = self.recent.drain().collect();
        members.sort_unstable_by_key(|(_, at)| *at);
        members.into_iter().map(|(member, _)| member).collect()
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + TOUCH_INTERVAL)
    }

    pub(super) fn len(&self) -> usize {
        self.recent.len()
    }
}
