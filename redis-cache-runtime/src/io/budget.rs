//! How long one look-up may take.

use std::time::{Duration, Instant};

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
}
