//! The threads that wake the tasks of the program's executors.
//!
//! Waking a task runs code of its executor, which may take any time: an executor that polls a task where it is woken runs whole
//! bodies there. That must not hold up a thread of the cache, or a caller that has an answer for another. So the thread that has
//! the answer wakes prompt wakers only, which are Tokio's and the cache's own. Threads that do nothing else wake all others: one
//! thread wakes, and another stands by and takes over where the first takes too long.

use std::{
    collections::VecDeque,
    ptr,
    sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{RawWakerVTable, Waker},
    thread,
    time::{Duration, Instant},
};

use crate::{
    limits::{WAKER_THREADS, WAKERS},
    process::{catch_panic::catch_panic, per_process::PerProcess},
};

/// While one waker takes longer than this, another thread goes on with the wakers behind it.
const STUCK: Duration = Duration::from_millis(5);

static WAKING: PerProcess<Waking> = PerProcess::new();

/// The wakers of this process that wait for a thread, and those threads.
#[derive(Debug, Default)]
struct Waking {
    /// The vtables of prompt wakers.
    prompt: [OnceLock<Vec<&'static RawWakerVTable>>; Whose::COUNT],
    state: Mutex<State>,
    /// Notified when there is a waker to wake.
    filled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waker>,
    threads: usize,
    /// Threads that are waking no waker.
    idle: usize,
    /// The number of wakers that a thread has begun to wake.
    turns: u64,
    /// When a thread began to wake the latest of them; `None` once that waker has returned.
    began: Option<Instant>,
}

/// The makers of prompt wakers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whose {
    /// Tokio.
    Runtimes,
    /// Followers of a leader.
    Flights,
}

impl Whose {
    const COUNT: usize = 2;
}

/// The next step of a thread.
enum Next {
    /// Wake this waker, in this turn.
    Wake(Waker, u64),
    /// Wait, at most this long.
    Wait(Option<Duration>),
}

/// Remembers the vtable of a prompt waker. A waker with another vtable is woken by a thread, which only takes longer.
pub(crate) fn learn(whose: Whose, prompt: impl IntoIterator<Item = Waker>) {
    let known_already = &WAKING.get().prompt[whose as usize];
    if known_already.get().is_some() {
        return;
    }
    let mut known: Vec<&'static RawWakerVTable> = Vec::new();
    for waker in prompt {
        // A clone may have another vtable.
        for waker in [waker.clone(), waker] {
            let made_of = waker.vtable();
            if !known.iter().any(|known| ptr::eq(*known, made_of)) {
                known.push(made_of);
            }
        }
    }
    _ = known_already.set(known);
}

/// Wakes a task: on this thread if its waker is prompt. The caller holds no lock.
pub(crate) fn wake(waker: Waker) {
    let waking = WAKING.get();
    if waking.is_prompt(&waker) {
        wake_here(waker);
    } else {
        waking.submit(waker);
    }
}

/// Wakes a task on this thread. A panic of its executor ends here.
pub(crate) fn wake_here(waker: Waker) {
    _ = catch_panic(|| waker.wake());
}

impl Waking {
    fn is_prompt(&self, waker: &Waker) -> bool {
        let made_of = waker.vtable();
        let mut prompt = self.prompt.iter().filter_map(OnceLock::get).flatten();
        prompt.any(|known| ptr::eq(*known, made_of))
    }

    fn submit(&'static self, waker: Waker) {
        let mut state = self.state();
        if state.waiting.len() >= WAKERS {
            drop(state);
            return wake_here(waker);
        }
        state.waiting.push_back(waker);
        let has_thread = state.threads > 0;
        drop(state);
        if has_thread || self.start() {
            self.filled.notify_one();
            return;
        }
        // Where the system allows no further thread this one wakes.
        while let Some(waker) = self.take_where_there_is_no_thread() {
            wake_here(waker);
        }
    }

    fn take_where_there_is_no_thread(&self) -> Option<Waker> {
        let mut state = self.state();
        if state.threads > 0 {
            return None;
        }
        state.waiting.pop_front()
    }

    /// Starts a thread unless there are [`WAKER_THREADS`]. Returns whether there is any thread.
    fn start(&'static self) -> bool {
        let mut state = self.state();
        if state.threads >= WAKER_THREADS || state.idle > 0 {
            return true;
        }
        // The thread counts before it runs, so that no other caller starts one too.
        state.threads += 1;
        state.idle += 1;
        drop(state);
        let thread = thread::Builder::new().name("redis-cache-waker".to_owned());
        if thread.spawn(|| self.work()).is_ok() {
            return true;
        }
        let mut state = self.state();
        state.threads -= 1;
        state.idle -= 1;
        state.threads > 0
    }

    fn work(&'static self) {
        loop {
            let (waker, turn) = self.next();
            // Another thread has to stand by.
            self.start();
            wake_here(waker);
            if !self.ended(turn) {
                return;
            }
        }
    }

    fn next(&self) -> (Waker, u64) {
        let mut state = self.state();
        loop {
            state = match state.next(Instant::now()) {
                Next::Wake(waker, turn) => {
                    let are_more = !state.waiting.is_empty();
                    drop(state);
                    if are_more {
                        // The thread that stands by may not have been notified of these wakers.
                        self.filled.notify_one();
                    }
                    return (waker, turn);
                }
                Next::Wait(None) => {
                    let filled = self.filled.wait(state);
                    filled.unwrap_or_else(PoisonError::into_inner)
                }
                Next::Wait(Some(most)) => {
                    let filled = self.filled.wait_timeout(state, most);
                    filled.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Ends a turn. Returns whether its thread goes on: a thread that was held up ends where others have taken its place.
    fn ended(&self, turn: u64) -> bool {
        let mut state = self.state();
        if state.turns == turn {
            state.began = None;
        } else if state.idle > 0 {
            state.threads -= 1;
            return false;
        }
        state.idle += 1;
        true
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next step of an idle thread.
    fn next(&mut self, now: Instant) -> Next {
        if self.waiting.is_empty() {
            return Next::Wait(None);
        }
        // One thread at a time wakes: most wakers return sooner than another thread could begin.
        let left = self.began.map(|began| {
            let since = now.saturating_duration_since(began);
            STUCK.saturating_sub(since)
        });
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            return Next::Wait(Some(left));
        }
        match self.waiting.pop_front() {
            Some(waker) => {
                self.turns += 1;
                self.began = Some(now);
                self.idle -= 1;
                Next::Wake(waker, self.turns)
            }
            None => Next::Wait(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        task::Wake,
    };

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn waking() -> &'static Waking {
        Box::leak(Box::default())
    }

    /// Blocks until it is told to go on.
    struct Blocking(Mutex<mpsc::Receiver<()>>);

    impl Wake for Blocking {
        fn wake(self: Arc<Self>) {
            _ = self.0.lock().unwrap().recv();
        }
    }

    /// Tells on which thread it was woken.
    struct Telling(mpsc::Sender<Option<String>>);

    impl Wake for Telling {
        fn wake(self: Arc<Self>) {
            let name = thread::current().name().map(str::to_owned);
            _ = self.0.send(name);
        }
    }

    fn blocking() -> (mpsc::Sender<()>, Waker) {
        let (sender, receiver) = mpsc::channel();
        (sender, Arc::new(Blocking(Mutex::new(receiver))).into())
    }

    fn telling() -> (mpsc::Receiver<Option<String>>, Waker) {
        let (sender, receiver) = mpsc::channel();
        (receiver, Arc::new(Telling(sender)).into())
    }

    #[test]
    fn wakers_that_block_hold_up_no_others() {
        let waking = waking();
        let mut blocked = Vec::new();
        for _ in 1..WAKER_THREADS {
            let (unblock, waker) = blocking();
            blocked.push(unblock);
            waking.submit(waker);
            // Nobody comes after it but this one.
            let (told, waker) = telling();
            waking.submit(waker);
            let name = told.recv_timeout(SOON).unwrap();
            assert_eq!(name.as_deref(), Some("redis-cache-waker"));
        }
        // The last thread.
        let (unblock, waker) = blocking();
        waking.submit(waker);
        let (told, waker) = telling();
        waking.submit(waker);
        assert!(told.recv_timeout(STUCK * 20).is_err());
        assert!(waking.state().threads == WAKER_THREADS);
        drop(unblock);
        told.recv_timeout(SOON).unwrap();
        drop(blocked);
        let began = Instant::now();
        while waking.state().threads > 2 {
            assert!(began.elapsed() < SOON);
            thread::yield_now();
        }
        let (told, waker) = telling();
        waking.submit(waker);
        told.recv_timeout(SOON).unwrap();
    }

    #[test]
    fn many_that_are_prompt_take_one_thread_and_one_that_stands_by() {
        struct Counting(AtomicUsize);
        impl Wake for Counting {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let waking = waking();
        let counting = Arc::new(Counting(AtomicUsize::new(0)));
        for _ in 0..1000 {
            waking.submit(Arc::clone(&counting).into());
        }
        let began = Instant::now();
        while counting.0.load(Ordering::Relaxed) < 1000 {
            assert!(began.elapsed() < SOON);
            thread::yield_now();
        }
        // On a machine that is busy one may seem to be stuck.
        assert!(waking.state().threads < WAKER_THREADS);
    }

    #[test]
    fn one_that_panics_takes_no_thread_along() {
        struct Panicking;
        impl Wake for Panicking {
            fn wake(self: Arc<Self>) {
                panic!("as an executor that has ended may");
            }
        }
        let waking = waking();
        waking.submit(Arc::new(Panicking).into());
        let (told, waker) = telling();
        waking.submit(waker);
        told.recv_timeout(SOON).unwrap();
    }

    /// More wait than may: the last are woken here.
    #[test]
    fn what_finds_no_place_is_woken_at_once() {
        let waking = waking();
        let mut blocked = Vec::new();
        for _ in 0..WAKER_THREADS {
            let (unblock, waker) = blocking();
            blocked.push(unblock);
            waking.submit(waker);
        }
        let began = Instant::now();
        while waking.state().idle > 0 || waking.state().threads < WAKER_THREADS {
            assert!(began.elapsed() < SOON);
            thread::yield_now();
        }
        for _ in 0..WAKERS {
            waking.submit(Waker::noop().clone());
        }
        let (told, waker) = telling();
        waking.submit(waker);
        let here = thread::current().name().map(str::to_owned);
        assert_eq!(told.try_recv(), Ok(here));
    }

    #[test]
    fn only_what_was_learned_is_prompt() {
        let waking = waking();
        let (_told, waker) = telling();
        assert!(!waking.is_prompt(&waker));
        _ = waking.prompt[Whose::Flights as usize].set(vec![waker.vtable()]);
        assert!(waking.is_prompt(&waker) && !waking.is_prompt(Waker::noop()));
    }
}
