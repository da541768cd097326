//! Where the user's subscriber and recorder run.
//!
//! Both may block, panic, and call handlers. On a thread that calls a handler they run in place, guarded; nothing of ours is
//! locked then. What a thread of ours has to report is run by a thread that does nothing else and that nobody waits for.

use std::{
    cell::Cell,
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use crate::{launch::Launch, per_process::PerProcess, shield::shield};

/// The most reports that may wait; further ones are dropped.
const QUEUE: usize = 1024;

type Report = Box<dyn FnOnce() + Send>;

/// What kind of thread this is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// One that the user's code runs on.
    Users,
    /// One of ours, which nothing of the user's may hold up.
    Ours,
    /// Either, while it reports. What is called from there reports nothing, or it would never end, and goes past the cache:
    /// it could be asked for in the middle of a call for the same.
    Reporting,
}

thread_local! {
    static PLACE: Cell<Place> = const { Cell::new(Place::Users) };
}

// A thread that is ending is the user's: ours do not end.
fn place() -> Place {
    PLACE.try_with(Cell::get).unwrap_or(Place::Users)
}

fn set(place: Place) {
    _ = PLACE.try_with(|current| current.set(place));
}

/// Says that this thread is one of ours.
pub(crate) fn keep_off() {
    set(Place::Ours);
}

/// Whether this thread is one of ours.
#[cfg(feature = "metrics")]
pub(crate) fn is_kept_off() -> bool {
    place() == Place::Ours
}

/// Whether a subscriber or a recorder is running on this thread.
pub(crate) fn is_reporting() -> bool {
    place() == Place::Reporting
}

/// Reports something: here, or where nobody waits for it. Not to be called under a lock.
pub(crate) fn report(report: impl FnOnce() + Send + 'static) {
    if place() == Place::Ours {
        queue(report);
    } else {
        report_here(report);
    }
}

/// Reports something here, unless this thread is just about that. Tells whether it was tried.
pub(crate) fn report_here(report: impl FnOnce()) -> bool {
    let before = place();
    if before == Place::Reporting {
        return false;
    }
    set(Place::Reporting);
    _ = shield(report);
    set(before);
    true
}

/// Has the thread of reports run this. Tells whether there was room.
pub(crate) fn queue(report: impl FnOnce() + Send + 'static) -> bool {
    static REPORTER: PerProcess<Reporter> = PerProcess::new();
    REPORTER.get().push(Box::new(report))
}

/// The thread of reports, and what waits for it.
#[derive(Default)]
struct Reporter {
    launch: Launch,
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Report>,
    dropped: u64,
}

impl Reporter {
    fn push(&'static self, report: Report) -> bool {
        // Where it can't be started, what is to be reported waits.
        _ = self.launch.ensure("redis-cache-telemetry", || self.work());
        let mut state = self.state();
        if state.waiting.len() >= QUEUE {
            state.dropped += 1;
            return false;
        }
        state.waiting.push_back(report);
        drop(state);
        self.filled.notify_one();
        true
    }

    fn work(&self) {
        loop {
            let (report, dropped) = self.next();
            report_here(report);
            if dropped > 0 {
                report_here(|| {
                    tracing::warn!(
                        dropped,
                        "the subscriber or the recorder is too slow; what was to be reported meanwhile is lost"
                    );
                });
            }
        }
    }

    /// What is next, and how many were dropped before it.
    fn next(&self) -> (Report, u64) {
        let mut state = self.state();
        loop {
            if let Some(report) = state.waiting.pop_front() {
                return (report, std::mem::take(&mut state.dropped));
            }
            state = self
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
