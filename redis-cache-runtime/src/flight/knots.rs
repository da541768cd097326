//! Knots: calls that waited for one another until a follower was let go.

use std::sync::atomic::{AtomicU64, Ordering};

static KNOTS: AtomicU64 = AtomicU64::new(0);

/// Counts a follower that was let go and ended before its leader, although it began later: the leader may have needed
/// something that the follower held.
pub(super) fn add() {
    KNOTS.fetch_add(1, Ordering::Relaxed);
}

/// A moment in the life of the process.
///
/// A body in a knot takes as long as followers are patient. If its time counted as usual, followers would be more patient after
/// each knot, without a bound. A knot of other handlers' calls, on other threads, may have held it up, so one counter serves
/// the whole process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Untangled(u64);

impl Untangled {
    pub(crate) fn now() -> Self {
        Self(KNOTS.load(Ordering::Relaxed))
    }

    /// Whether a knot was counted since this moment.
    pub(crate) fn has_passed(self) -> bool {
        Self::now().0 != self.0
    }
}
