//! The thread on which values prove that they come back as they were.
//!
//! It runs the user's code: `Deserialize`, `PartialEq`, `Drop`. So nothing waits for it without a bound: what it does not
//! get to is not stored.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::unproved::Unproved;
use crate::{
    codec::Owed, envelope::Draft, launch::Launch, lead::Leading, per_process::PerProcess,
    shield::shield, telemetry,
};

/// The most values that may wait.
const QUEUE: usize = 1024;

/// The most bytes that may wait, and about as much again in copies of the values.
const BYTES: usize = 64 * 1024 * 1024;

/// A value that takes so long holds the thread up: others are not handed to it.
const STUCK: Duration = Duration::from_secs(2);

static VERIFIER: PerProcess<Verifier> = PerProcess::new();

#[derive(Default)]
struct Verifier {
    launch: Launch,
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Unproved, Owed)>,
    bytes: usize,
    /// When the value that is at it now came to its turn.
    began: Option<Instant>,
    /// That value, unless it has been given up.
    current: Option<Unproved>,
}

/// Has the thread find out whether a value comes back, and go on with it. What the thread can't take is given up.
pub(super) fn submit(unproved: Unproved, owed: Owed) {
    VERIFIER.get().submit(unproved, owed);
}

impl Verifier {
    fn submit(&'static self, unproved: Unproved, owed: Owed) {
        _ = self.launch.ensure("redis-cache-verify", || self.work());
        let bytes = unproved.draft.sealed_len();
        let mut state = self.state();
        let given_up = state.give_up();
        let is_full = state.waiting.len() >= QUEUE || state.bytes + bytes > BYTES;
        if given_up.is_some() || is_full || self.launch.has_failed() {
            drop(state);
            give_up(unproved, Some(owed));
            let (current, waiting) = given_up.unwrap_or_default();
            if let Some(current) = current {
                give_up(current, None);
            }
            for (unproved, owed) in waiting {
                give_up(unproved, Some(owed));
            }
            return;
        }
        state.bytes += bytes;
        state.waiting.push_back((unproved, owed));
        drop(state);
        self.filled.notify_one();
    }

    fn work(&self) {
        telemetry::keep_off();
        // It computes for those who wait.
        let _leading = Leading::begin();
        loop {
            let (draft, owed) = self.next();
            let shape = owed.settle(draft.payload());
            drop(draft);
            // Where it took too long it has been given up.
            let current = self.ended();
            if let Some(unproved) = current {
                _ = shield(|| unproved.settle(shape));
            }
        }
    }

    fn next(&self) -> (Arc<Draft>, Owed) {
        let mut state = self.state();
        loop {
            if let Some((unproved, owed)) = state.waiting.pop_front() {
                state.bytes -= unproved.draft.sealed_len();
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

type GivenUp = (Option<Unproved>, VecDeque<(Unproved, Owed)>);

impl State {
    /// Takes away all that a value holds up which takes too long, and that value.
    fn give_up(&mut self) -> Option<GivenUp> {
        if self.began?.elapsed() < STUCK {
            return None;
        }
        self.bytes = 0;
        let waiting = std::mem::take(&mut self.waiting);
        Some((self.current.take(), waiting))
    }
}

/// With the copy of a value goes code of the user's.
fn give_up(unproved: Unproved, owed: Option<Owed>) {
    _ = shield(|| drop(owed));
    unproved.give_up();
}
