//! The threads on which the user's subscriber and recorder run.
//!
//! Both may block, panic, and call handlers. A thread that does nothing else emits events; calls wait for it a moment at most.
//! Metrics that a thread of the user's counts go to the recorder on that thread, guarded, so that they are exact at any time. The
//! metrics of the cache's own threads go the way of events. No lock of the cache is held meanwhile.

use std::{
    cell::Cell,
    collections::VecDeque,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;
use tracing::{
    Dispatch,
    dispatcher::{get_default, with_default},
    subscriber::NoSubscriber,
};

use crate::{
    limits::{CALL_REPORTED, REPORTED, REPORTS},
    process::{catch_panic::catch_panic, launch::Launch, oneshot, per_process::PerProcess},
};

type Report = Box<dyn FnOnce() + Send>;

/// The kind of the current thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A thread of the user's.
    Users,
    /// A thread of the cache, which the user's code must not hold up.
    Ours,
    /// Either kind, while a subscriber or recorder runs on it. Handlers that these call report nothing, or reports would never end,
    /// and run uncached, for the outer call may be one of the same key.
    Reporting,
}

thread_local! {
    static PLACE: Cell<Place> = const { Cell::new(Place::Users) };
}

// A thread that is ending is the user's: those of the cache do not end.
fn place() -> Place {
    PLACE.try_with(Cell::get).unwrap_or(Place::Users)
}

fn set(place: Place) {
    _ = PLACE.try_with(|current| current.set(place));
}

/// Marks this thread as one of the cache.
pub(crate) fn keep_off() {
    set(Place::Ours);
}

/// Whether this thread is one of the cache.
pub(crate) fn is_on_our_thread() -> bool {
    place() == Place::Ours
}

/// Whether the recorder must not run on this thread: the thread is one of the cache, or the process is a forked child, in which
/// a thread of the parent may have left the recorder's locks held.
#[cfg(feature = "metrics")]
pub(crate) fn is_kept_off() -> bool {
    match place() {
        Place::Users => REPORTER.is_inherited(),
        Place::Ours => true,
        Place::Reporting => false,
    }
}

/// Whether a subscriber or a recorder is running on this thread.
pub(crate) fn is_reporting() -> bool {
    place() == Place::Reporting
}

/// Emits events on the reporter's thread. A thread of the user's waits for it up to [`CALL_REPORTED`].
pub(crate) fn report(events: impl FnOnce() + Send + 'static) {
    match place() {
        Place::Reporting => {}
        Place::Ours => drop(queue(events)),
        Place::Users => {
            settle_on_exit();
            // The subscriber may be the thread-local default of this thread.
            let is_one = |dispatch: &Dispatch| !dispatch.is::<NoSubscriber>();
            let dispatch = get_default(|dispatch| is_one(dispatch).then(|| dispatch.clone()));
            let emit = move || match dispatch {
                Some(dispatch) => with_default(&dispatch, events),
                None => events(),
            };
            let reporter = REPORTER.get();
            if let Some(ticket) = reporter.push(Box::new(emit)) {
                // The event comes before the caller's own next event. Few calls wait: each change is reported once.
                reporter.wait(ticket, CALL_REPORTED, &reporter.is_slow);
            }
        }
    }
}

/// Runs the recorder on this thread, unless the thread is inside it or the subscriber. Returns whether it was run.
pub(crate) fn report_here(report: impl FnOnce()) -> bool {
    let before = place();
    if before == Place::Reporting {
        return false;
    }
    set(Place::Reporting);
    _ = catch_panic(report);
    set(before);
    true
}

/// Queues a report for the reporter's thread. Returns whether there was room.
pub(crate) fn queue(report: impl FnOnce() + Send + 'static) -> bool {
    REPORTER.get().push(Box::new(report)).is_some()
}

thread_local! {
    static SETTLE_ON_EXIT: SettleOnExit = const { SettleOnExit };
}

struct SettleOnExit;

impl Drop for SettleOnExit {
    fn drop(&mut self) {
        settle();
    }
}

/// Lets this thread wait, when it ends, until the queued reports have run. Cheap after the first time.
pub(crate) fn settle_on_exit() {
    // A thread that is ending already waits for nothing more.
    _ = SETTLE_ON_EXIT.try_with(|_armed| ());
}

/// Waits up to [`REPORTED`] until the queued reports have run.
pub(crate) fn settle() {
    if place() != Place::Reporting {
        REPORTER.get().settle();
    }
}

/// [`settle`] for a task of the background thread.
pub(crate) async fn settled() {
    let reporter = REPORTER.get();
    if reporter.is_settled() {
        return;
    }
    let (sender, done) = oneshot::channel();
    if queue(move || _ = sender.send(())) && timeout(REPORTED, done).await.is_err() {
        reporter.is_stuck.store(true, Ordering::Relaxed);
    }
}

static REPORTER: PerProcess<Reporter> = PerProcess::new();

/// The reporter's thread, and the reports that wait for it.
#[derive(Default)]
struct Reporter {
    launch: Launch,
    state: Mutex<State>,
    filled: Condvar,
    done: Condvar,
    /// Whether a call has waited in vain since the latest report ended.
    is_slow: AtomicBool,
    /// Whether another waiter, such as a thread that ends, has waited in vain since then.
    is_stuck: AtomicBool,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Report>,
    /// The number of reports that were ever queued.
    pushed: u64,
    /// The number of reports that have ended.
    done: u64,
    dropped: u64,
}

impl Reporter {
    /// Queues a report and returns its ticket; `None` where there is no room.
    fn push(&'static self, report: Report) -> Option<u64> {
        // Where the thread can't be started the reports stay queued.
        _ = self.launch.ensure("redis-cache-telemetry", || self.work());
        let mut state = self.state();
        if state.waiting.len() >= REPORTS {
            state.dropped += 1;
            return None;
        }
        state.waiting.push_back(report);
        state.pushed += 1;
        let ticket = state.pushed;
        drop(state);
        self.filled.notify_one();
        Some(ticket)
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
            self.state().done += 1;
            self.is_slow.store(false, Ordering::Relaxed);
            self.is_stuck.store(false, Ordering::Relaxed);
            self.done.notify_all();
        }
    }

    /// The next report, and the number of reports that were dropped before it.
    fn next(&self) -> (Report, u64) {
        let mut state = self.state();
        loop {
            if let Some(report) = state.waiting.pop_front() {
                return (report, std::mem::take(&mut state.dropped));
            }
            let filled = self.filled.wait(state);
            state = filled.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether the report has ended, or waiting for it has been in vain.
    fn is_settled(&self) -> bool {
        let state = self.state();
        state.done == state.pushed || self.is_stuck.load(Ordering::Relaxed)
    }

    fn settle(&self) {
        let ticket = self.state().pushed;
        self.wait(ticket, REPORTED, &self.is_stuck);
    }

    /// Waits until that report has ended, unless others have waited `in_vain`.
    fn wait(&self, ticket: u64, patience: Duration, in_vain: &AtomicBool) {
        if in_vain.load(Ordering::Relaxed) {
            return;
        }
        let state = self.state();
        let waited = self
            .done
            .wait_timeout_while(state, patience, |state| state.done < ticket);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.done < ticket {
            in_vain.store(true, Ordering::Relaxed);
        }
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use super::*;

    fn reporter() -> &'static Reporter {
        Box::leak(Box::default())
    }

    #[test]
    fn a_report_that_blocks_holds_up_none_but_reports() {
        let reporter = reporter();
        let (tell, is_blocked) = mpsc::channel();
        let (unblock, until) = mpsc::channel::<()>();
        let blocks = reporter.push(Box::new(move || {
            tell.send(()).unwrap();
            until.recv().unwrap();
        }));
        assert!(blocks.is_some());
        is_blocked.recv().unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let count = || {
            let ran = Arc::clone(&ran);
            let report = move || _ = ran.fetch_add(1, Ordering::Relaxed);
            reporter.push(Box::new(report)).is_some()
        };
        for _ in 0..REPORTS {
            assert!(count());
        }
        assert!(!count());
        assert!(!reporter.is_settled());
        // In vain, and nobody else tries it.
        reporter.settle();
        assert!(reporter.is_settled());
        unblock.send(()).unwrap();
        while ran.load(Ordering::Relaxed) < REPORTS {
            reporter.settle();
        }
        while reporter.is_stuck.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_report_that_panics_ends_no_other() {
        let reporter = reporter();
        let (sender, receiver) = mpsc::channel();
        for n in 0..3 {
            let sender = sender.clone();
            reporter.push(Box::new(move || {
                sender.send(n).unwrap();
                panic!("as a subscriber may");
            }));
        }
        drop(sender);
        assert_eq!(receiver.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn what_is_reported_from_a_report_is_not() {
        assert!(!is_reporting());
        let tried = report_here(|| {
            assert!(is_reporting());
            assert!(!report_here(|| unreachable!("it would never end")));
            report(|| unreachable!("it would never end"));
        });
        assert!(tried && !is_reporting());
        assert!(report_here(|| panic!("as a recorder may")));
        assert!(!is_reporting());
    }
}
