//! What belongs to one process, and not to the children that it forks.

use std::{fmt, process, sync::Arc};

use arc_swap::ArcSwapOption;

/// A value that a forked child makes anew. Its parent's threads are gone there, with whatever locks they held, and the
/// sockets are still the parent's: nothing of it may be touched.
pub(crate) struct PerProcess<T: 'static> {
    current: ArcSwapOption<Owned<T>>,
}

impl<T> fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PerProcess")
    }
}

struct Owned<T: 'static> {
    pid: u32,
    value: &'static T,
}

impl<T: Default + 'static> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self {
            current: ArcSwapOption::const_empty(),
        }
    }

    /// The value of this process. Takes no lock, for a lock may have been held when the process was forked.
    pub(crate) fn get(&self) -> &'static T {
        let pid = process::id();
        let seen = self.current.load();
        if let Some(owned) = &*seen
            && owned.pid == pid
        {
            return owned.value;
        }
        // One for a process and a place: what is leaked is bounded.
        let value: &'static T = Box::leak(Box::default());
        let fresh = Arc::new(Owned { pid, value });
        let previous = self.current.compare_and_swap(&seen, Some(fresh));
        match &*previous {
            // Another thread was faster.
            Some(owned) if owned.pid == pid => owned.value,
            _ => value,
        }
    }
}
