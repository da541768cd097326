//! The thread that reads encoded values back and compares them with the originals.
//!
//! It runs user code: `Deserialize`, `PartialEq`, `Drop`. So nothing waits for it without a bound: values that it does not get to
//! in time are not stored.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::unproved::Unproved;
use crate::{
    flight::reentrancy::Leading,
    limits::{UNPROVED_BYTES, UNPROVED_STUCK, UNPROVED_VALUES},
    process::{
        catch_panic::catch_panic, launch::Launch, per_process::PerProcess, serde_code::SerdeCode,
    },
    telemetry,
    value::{codec::Owed, envelope::Draft},
};

/// How long the first value waits for more, where no caller waits for it: waking the thread for each value takes processor time
/// from bodies.
const LINGER: Duration = Duration::from_millis(1);

/// So many values do not wait for more.
const BATCH: usize = 32;

static VERIFIER: PerProcess<Verifier> = PerProcess::new();

#[derive(Default)]
struct Verifier {
    launch: Launch,
    state: Mutex<State>,
    filled: Condvar,
    /// Whether values wait for more.
    lingers: AtomicBool,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// Until when the values wait for more.
    lingers_until: Option<Instant>,
    bytes: usize,
    /// When the thread began with the current value.
    began: Option<Instant>,
    /// The current value, unless it has been given up.
    current: Option<Unproved>,
}

/// A value, and since when it waits.
struct Waiting {
    unproved: Unproved,
    owed: Owed,
    since: Instant,
}

/// Has the thread compare a value and settle it. A value that the thread can't take is given up.
pub(super) fn submit(unproved: Unproved, owed: Owed) {
    VERIFIER.get().submit(unproved, owed);
}

/// Has the thread begin at once, because a caller waits for a value that may be waiting for more.
pub(super) fn hurry() {
    VERIFIER.get().hurry();
}

impl Verifier {
    fn submit(&'static self, unproved: Unproved, owed: Owed) {
        _ = self.launch.ensure("redis-cache-verify", || self.work());
        let bytes = unproved.draft.sealed_len();
        // A call that follows from now on clears this by `hurry`, which is noticed below.
        self.lingers.store(true, Ordering::Relaxed);
        let is_awaited = unproved.leader.is_awaited();
        let mut state = self.state();
        let has_failed = self.launch.has_failed();
        let given_up = state.give_up(has_failed);
        let is_full =
            state.waiting.len() >= UNPROVED_VALUES || state.bytes + bytes > UNPROVED_BYTES;
        if given_up.is_some() || is_full || has_failed {
            drop(state);
            give_up(unproved, Some(owed));
            let (current, waiting) = given_up.unwrap_or_default();
            if let Some(current) = current {
                give_up(current, None);
            }
            waiting.into_iter().for_each(Waiting::give_up);
            return;
        }
        let now = Instant::now();
        let is_first = state.waiting.is_empty();
        state.bytes += bytes;
        state.waiting.push_back(Waiting {
            unproved,
            owed,
            since: now,
        });
        let is_due =
            is_awaited || state.waiting.len() == BATCH || !self.lingers.load(Ordering::Relaxed);
        if is_due {
            self.linger(&mut state, None);
        } else if is_first {
            self.linger(&mut state, now.checked_add(LINGER));
        }
        drop(state);
        if is_first || is_due {
            self.filled.notify_one();
        }
    }

    fn hurry(&self) {
        if self.lingers.load(Ordering::Relaxed) {
            self.lingers.store(false, Ordering::Relaxed);
            self.linger(&mut self.state(), None);
            self.filled.notify_one();
        }
    }

    fn linger(&self, state: &mut State, until: Option<Instant>) {
        state.lingers_until = until;
        self.lingers.store(until.is_some(), Ordering::Relaxed);
    }

    fn work(&self) {
        telemetry::keep_off();
        // The thread works for leaders, and runs nothing of theirs but serde code.
        let (_leading, _here) = (Leading::begin(), SerdeCode::begin());
        loop {
            let (draft, owed) = self.next();
            let shape = owed.settle(draft.payload());
            drop(draft);
            // `None` if it took too long, and was given up.
            let current = self.ended();
            if let Some(unproved) = current {
                _ = catch_panic(|| unproved.settle(shape));
            }
        }
    }

    fn next(&self) -> (Arc<Draft>, Owed) {
        let mut state = self.state();
        loop {
            let lingers = state
                .lingers_until
                .and_then(|until| until.checked_duration_since(Instant::now()))
                .filter(|left| !left.is_zero());
            if let Some(left) = lingers {
                let waited = self.filled.wait_timeout(state, left);
                (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            self.linger(&mut state, None);
            if let Some(waiting) = state.waiting.pop_front() {
                state.bytes -= waiting.unproved.draft.sealed_len();
                if waiting.since.elapsed() >= UNPROVED_STUCK {
                    // Its place in the queue is lost. Comparing it all the same would make those behind it too late as well.
                    drop(state);
                    _ = catch_panic(|| waiting.give_up());
                    state = self.state();
                    continue;
                }
                let Waiting { unproved, owed, .. } = waiting;
                let draft = Arc::clone(&unproved.draft);
                state.began = Some(Instant::now());
                state.current = Some(unproved);
                return (draft, owed);
            }
            state = self
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn ended(&self) -> Option<Unproved> {
        let mut state = self.state();
        state.began = None;
        state.current.take()
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type GivenUp = (Option<Unproved>, VecDeque<Waiting>);

impl State {
    /// Takes the current value if it takes too long, and all values behind it; or all values, where there is no thread.
    fn give_up(&mut self, has_failed: bool) -> Option<GivenUp> {
        let is_stuck = self
            .began
            .is_some_and(|began| began.elapsed() >= UNPROVED_STUCK);
        if !is_stuck && !has_failed {
            return None;
        }
        self.bytes = 0;
        let waiting = std::mem::take(&mut self.waiting);
        Some((self.current.take(), waiting))
    }
}

impl Waiting {
    fn give_up(self) {
        give_up(self.unproved, Some(self.owed));
    }
}

fn give_up(unproved: Unproved, owed: Option<Owed>) {
    drop(owed);
    unproved.give_up();
}
