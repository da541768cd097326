//! How long one look-up may take.

use std::time::{Duration, Instant};

/// The longest that a look-up may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) time: Duration,
    /// Whether `time` is less than `timeout` because the body is fast: a server that takes longer is not at fault.
    pub(crate) is_shortened: bool,
}

impl Allowance {
    /// The time left for another look-up of the same call.
    pub(crate) const fn after(self, elapsed: Duration) -> Self {
        Self {
            time: self.time.saturating_sub(elapsed),
            ..self
        }
    }
}

/// When one look-up began, and when it has to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    pub(super) began: Instant,
    pub(super) deadline: Instant,
    pub(super) is_shortened: bool,
}

impl Budget {
    /// The budget of a look-up that begins now.
    pub(super) fn begin(allowance: Allowance) -> Self {
        let began = Instant::now();
        Self {
            began,
            deadline: began + allowance.time,
            is_shortened: allowance.is_shortened,
        }
    }
}
