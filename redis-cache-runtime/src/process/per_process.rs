//! Values of one process that its forked children must not use.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use arc_swap::ArcSwapOption;

/// A value that a forked child makes anew. In the child the parent's threads are gone, the locks that they held stay locked, and
/// the sockets are still the parent's: the child must not touch the parent's value.
pub(crate) struct PerProcess<T: 'static> {
    /// The value of the first process that called [`get`](Self::get); mostly the only one.
    first: OnceLock<Owned<T>>,
    /// The value of the latest forked child.
    current: ArcSwapOption<Claimed<T>>,
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

/// The value of one process. One of its threads makes it, and the others wait: a value is leaked, so no second one is made.
struct Claimed<T: 'static> {
    process: Process,
    value: OnceLock<&'static T>,
}

/// The process in which this was made.
#[derive(Clone, Debug)]
pub(crate) struct Process(Guard);

#[derive(Clone, Debug)]
enum Guard {
    /// Counts forks. Reading it is a load, where `getpid` is a system call.
    #[cfg(unix)]
    Told(forkguard::atfork::Guard),
    Asked(forkguard::pid::Guard),
}

impl Process {
    pub(crate) fn current() -> Self {
        #[cfg(unix)]
        if let Some(guard) = registered() {
            return Self(Guard::Told(guard));
        }
        Self(Guard::Asked(forkguard::pid::Guard::default()))
    }

    /// Whether this process is the one in which the value was made, and not a forked child.
    pub(crate) fn is_current(&self) -> bool {
        let forked = match self.0.clone() {
            #[cfg(unix)]
            Guard::Told(mut guard) => guard.detected_fork(),
            Guard::Asked(mut guard) => guard.detected_fork(),
        };
        !forked
    }
}

/// `None` where the system refuses to register the fork handler, or another thread is registering it: a child that is forked at
/// that moment would wait for that thread for ever.
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

    /// The value of this process. Once it is made this takes no lock: a lock may have been held when the process was forked.
    pub(crate) fn get(&self) -> &'static T {
        match self.first.get() {
            Some(owned) if owned.process.is_current() => owned.value,
            _ => self.get_current(),
        }
    }

    /// Whether this process was forked from one that already had a value.
    #[cfg(feature = "metrics")]
    pub(crate) fn is_inherited(&self) -> bool {
        self.get();
        let first = self.first.get();
        first.is_some_and(|owned| !owned.process.is_current())
    }

    fn get_current(&self) -> &'static T {
        let seen = self.current.load();
        if let Some(claimed) = &*seen
            && claimed.process.is_current()
        {
            return claimed.value();
        }
        let process = Process::current();
        let fresh = Arc::new(Claimed {
            process: process.clone(),
            value: OnceLock::new(),
        });
        let previous = self
            .current
            .compare_and_swap(&seen, Some(Arc::clone(&fresh)));
        match &*previous {
            Some(claimed) if claimed.process.is_current() => claimed.value(),
            Some(_) => fresh.value(),
            None => {
                let value = fresh.value();
                // Set only now: a child that is forked while the parent makes its value must not wait for the parent's thread.
                _ = self.first.set(Owned { process, value });
                value
            }
        }
    }
}

impl<T: Default> Claimed<T> {
    /// Leaked once for a process and a place.
    fn value(&self) -> &'static T {
        self.value.get_or_init(|| Box::leak(Box::default()))
    }
}

/// A value that only the process that made it uses or drops. In a forked child it is leaked: its code or its `Drop` could wait for
/// a thread that the child does not have. Only values that were in use during the fork leak so.
#[derive(Debug)]
pub(crate) struct Belonging<T> {
    process: Process,
    value: Option<T>,
}

impl<T> Belonging<T> {
    pub(crate) fn new(process: Process, value: T) -> Self {
        Self {
            process,
            value: Some(value),
        }
    }

    /// The value; `None` in a forked child.
    pub(crate) fn get(&self) -> Option<&T> {
        let value = self.value.as_ref();
        value.filter(|_| self.process.is_current())
    }

    /// As [`get`](Self::get).
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        let value = self.value.as_mut();
        value.filter(|_| self.process.is_current())
    }

    /// Takes the value out; `None` in a forked child.
    pub(crate) fn take(&mut self) -> Option<T> {
        if self.process.is_current() {
            self.value.take()
        } else {
            None
        }
    }
}

impl<T> Drop for Belonging<T> {
    fn drop(&mut self) {
        if !self.process.is_current() {
            std::mem::forget(self.value.take());
        }
    }
}

/// Ends at once, with `None`, in a forked child.
impl<F: Future + ?Sized> Future for Belonging<Pin<Box<F>>> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        match Self::get_mut(self.get_mut()) {
            Some(future) => future.as_mut().poll(context).map(Some),
            None => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        ptr,
        sync::{Barrier, atomic::AtomicUsize},
        thread,
    };

    use super::*;

    static MADE: AtomicUsize = AtomicUsize::new(0);

    struct Counted(#[expect(dead_code, reason = "has an address of its own")] u8);

    impl Default for Counted {
        fn default() -> Self {
            MADE.fetch_add(1, Ordering::Relaxed);
            thread::yield_now();
            Self(0)
        }
    }

    /// What another thread had made would be lost for good.
    #[test]
    fn one_is_made_whoever_asks_first() {
        const ROUNDS: usize = 200;
        const THREADS: usize = 8;
        for _ in 0..ROUNDS {
            let place: &PerProcess<Counted> = Box::leak(Box::new(PerProcess::new()));
            let barrier = Barrier::new(THREADS);
            let ask = || {
                barrier.wait();
                ptr::from_ref(place.get()).addr()
            };
            let got: HashSet<usize> = thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(ask)).collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .collect()
            });
            assert_eq!(got.len(), 1);
        }
        assert_eq!(MADE.load(Ordering::Relaxed), ROUNDS);
    }
}
