//! How long one look-up may take.

use std::time::{Duration, Instant};

/// The most that a look-up may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) time: Duration,
    /// Whether that is less than `timeout`, for the body's sake: a server that takes longer is not at fault.
    pub(crate) is_shortened: bool,
}

impl Allowance {
    /// What is left for another look-up of the same call.
    pub(crate) const fn after(self, elapsed: Duration) -> Self {
        Self {
            time: self.time.saturating_sub(elapsed),
            ..self
        }
    }
}

/// From when to when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    pub(super) began: Instant,
    pub(super) deadline: Instant,
    pub(super) is_shortened: bool,
}

impl Budget {
    /// That of a look-up that begins now.
    pub(super) fn begin(allowance: Allowance) -> Self {
        let began = Instant::now();
        Self {
            began,
            deadline: began + allowance.time,
            is_shortened: allowance.is_shortened,
        }
    }
}
