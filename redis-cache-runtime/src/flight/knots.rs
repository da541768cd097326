//! Calls that waited for one another.

use std::sync::atomic::{AtomicU64, Ordering};

static KNOTS: AtomicU64 = AtomicU64::new(0);

/// Tells of a caller who was let go and ended before its leader, though it began later: the leader may have needed what it held.
pub(super) fn add() {
    KNOTS.fetch_add(1, Ordering::Relaxed);
}

/// A moment in the life of the process.
///
/// A body that a knot held up has taken as long as followers are patient: were it to tell how long bodies usually take,
/// they would be more patient each time, without an end. It may have been held up by a knot of other handlers' calls, on
/// other threads, so this is asked of all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Untangled(u64);

impl Untangled {
    pub(crate) fn now() -> Self {
        Self(KNOTS.load(Ordering::Relaxed))
    }

    /// Whether there was a knot since then.
    pub(crate) fn has_passed(self) -> bool {
        Self::now().0 != self.0
    }
}
