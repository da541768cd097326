//! What belongs to one process, and not to the children that it forks.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
};

use arc_swap::ArcSwapOption;

/// A value that a forked child makes anew. Its parent's threads are gone there, with whatever locks they held, and the
/// sockets are still the parent's: nothing of it may be touched.
pub(crate) struct PerProcess<T: 'static> {
    /// That of the process which asked first: mostly the only one.
    first: OnceLock<Owned<T>>,
    /// The latest.
    current: ArcSwapOption<Owned<T>>,
}

impl<T> fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PerProcess")
    }
}

struct Owned<T: 'static> {
    process: Process,
    value: &'static T,
}

/// The process in which this was made.
#[derive(Clone)]
enum Process {
    /// The system tells of a fork: to look costs a load, where `getpid` is a system call.
    #[cfg(unix)]
    Told(forkguard::atfork::Guard),
    Asked(forkguard::pid::Guard),
}

impl Process {
    fn current() -> Self {
        #[cfg(unix)]
        if let Some(guard) = registered() {
            return Self::Told(guard);
        }
        Self::Asked(forkguard::pid::Guard::default())
    }

    fn is_current(&self) -> bool {
        let forked = match self.clone() {
            #[cfg(unix)]
            Self::Told(mut guard) => guard.detected_fork(),
            Self::Asked(mut guard) => guard.detected_fork(),
        };
        !forked
    }
}

/// `None` where the system refuses, or another thread is at it: a child that is forked at that moment would wait for the other's
/// end for ever.
#[cfg(unix)]
fn registered() -> Option<forkguard::atfork::Guard> {
    const NOT_YET: u8 = 0;
    const UNDER_WAY: u8 = 1;
    const DONE: u8 = 2;
    static REGISTRATION: AtomicU8 = AtomicU8::new(NOT_YET);

    match REGISTRATION.compare_exchange(NOT_YET, UNDER_WAY, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => {
            let guard = forkguard::atfork::Guard::try_new();
            REGISTRATION.store(DONE, Ordering::Release);
            guard.ok()
        }
        Err(DONE) => forkguard::atfork::Guard::try_new().ok(),
        Err(_) => None,
    }
}

impl<T: Default + 'static> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self {
            first: OnceLock::new(),
            current: ArcSwapOption::const_empty(),
        }
    }

    /// The value of this process. Takes no lock where there is one, for a lock may have been held when the process was forked.
    pub(crate) fn get(&self) -> &'static T {
        match self.first.get() {
            Some(owned) if owned.process.is_current() => owned.value,
            _ => self.get_current(),
        }
    }

    /// Whether another process asked first, from which this one was forked.
    #[cfg(feature = "metrics")]
    pub(crate) fn is_inherited(&self) -> bool {
        self.get();
        let first = self.first.get();
        first.is_some_and(|owned| !owned.process.is_current())
    }

    fn get_current(&self) -> &'static T {
        let seen = self.current.load();
        if let Some(owned) = &*seen
            && owned.process.is_current()
        {
            return owned.value;
        }
        // One for a process and a place: what is leaked is bounded.
        let value: &'static T = Box::leak(Box::default());
        let process = Process::current();
        let first = Owned {
            process: process.clone(),
            value,
        };
        let fresh = Arc::new(Owned { process, value });
        let previous = self.current.compare_and_swap(&seen, Some(fresh));
        match &*previous {
            // Another thread was faster.
            Some(owned) if owned.process.is_current() => owned.value,
            Some(_) => value,
            None => {
                // Only here: a fork may have come in the middle of this, and then the child must not wait for its end.
                _ = self.first.set(first);
                value
            }
        }
    }
}
