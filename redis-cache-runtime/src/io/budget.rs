//! How long one look-up may take.

use std::time::{Duration, Instant};

use super::{Failure, Lookup, lookup::Answered};

/// From when to when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    pub(super) began: Instant,
    pub(super) deadline: Instant,
}

impl Budget {
    /// That of a look-up that begins now.
    pub(super) fn begin(budget: Duration) -> Self {
        let began = Instant::now();
        Self {
            began,
            deadline: began + budget,
        }
    }

    /// About when a look-up ended: as exactly as a budget is short, and without asking the clock again.
    pub(super) const fn end(&self, answered: &Answered) -> Instant {
        match answered {
            Ok(Lookup::Failed(Failure::TimedOut)) => self.deadline,
            _ => self.began,
        }
    }
}
