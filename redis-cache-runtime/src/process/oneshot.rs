//! A channel for one value, whose receiver waits as a task or as a thread.
//!
//! No foreign code runs under its lock: wakers are cloned before it is taken, and wakers and values are woken and dropped after it
//! has been released.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Instant,
};

use crate::process::waking;

/// A channel for one value.
pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let slot = Arc::new(Slot {
        state: Mutex::new(State::Empty),
        changed: Condvar::new(),
    });
    (Sender(Some(Arc::clone(&slot))), Receiver(slot))
}

struct Slot<T> {
    state: Mutex<State<T>>,
    /// Notified when the slot has changed for a blocked thread.
    changed: Condvar,
}

enum State<T> {
    /// Empty, and no receiver waits.
    Empty,
    /// A task waits.
    Task(Waker),
    /// A thread waits.
    Thread,
    Full(T),
    /// The value has been taken, or the sender or the receiver has gone.
    Closed,
}

/// The sender has gone without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost;

/// Why a thread received no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotReceived {
    /// The sender may still send one.
    TimedOut,
    /// The sender is gone.
    Lost,
}

impl<T> Slot<T> {
    // No foreign code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `next` into the slot and wakes the receiver, a task by `wake`. Returns `next` where the receiver is gone.
    fn put(&self, next: State<T>, wake: fn(Waker)) -> Option<State<T>> {
        let mut state = self.state();
        if matches!(*state, State::Closed) {
            return Some(next);
        }
        let before = std::mem::replace(&mut *state, next);
        drop(state);
        match before {
            State::Task(waker) => wake(waker),
            State::Thread => self.changed.notify_one(),
            State::Empty | State::Full(_) | State::Closed => {}
        }
        None
    }

    /// Empties the slot. Its content is dropped after the lock is released.
    fn close(&self) -> State<T> {
        std::mem::replace(&mut *self.state(), State::Closed)
    }
}

/// The end that sends. The receiver learns when it is dropped without a value.
pub(crate) struct Sender<T>(Option<Arc<Slot<T>>>);

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl<T> Sender<T> {
    /// Whether the receiver has gone.
    pub(crate) fn is_closed(&self) -> bool {
        let slot = self.0.as_ref();
        slot.is_none_or(|slot| matches!(*slot.state(), State::Closed))
    }

    /// Sends the value.
    ///
    /// # Errors
    ///
    /// The value, where the receiver has gone.
    pub(crate) fn send(self, value: T) -> Result<(), T> {
        self.send_by(value, waking::wake)
    }

    /// Sends the value to a task of this thread's own runtime, and wakes it here: a slow wake holds up that runtime alone.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub(crate) fn send_here(self, value: T) -> Result<(), T> {
        self.send_by(value, waking::wake_here)
    }

    fn send_by(mut self, value: T, wake: fn(Waker)) -> Result<(), T> {
        let Some(slot) = self.0.take() else {
            return Err(value);
        };
        match slot.put(State::Full(value), wake) {
            Some(State::Full(value)) => Err(value),
            _ => Ok(()),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(slot) = &self.0 {
            slot.put(State::Closed, waking::wake);
        }
    }
}

/// The end that receives: a future for tasks, and [`recv_deadline`](Self::recv_deadline) for threads.
pub(crate) struct Receiver<T>(Arc<Slot<T>>);

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver")
    }
}

impl<T> Receiver<T> {
    /// Blocks the thread until a value is sent or the sender is gone. For senders that end within a bound.
    pub(crate) fn recv(&self) -> Result<T, Lost> {
        self.wait(None).map_err(|_| Lost)
    }

    /// Blocks the thread until a value is sent, at most until `deadline`. The thread may call it again.
    pub(crate) fn recv_deadline(&self, deadline: Instant) -> Result<T, NotReceived> {
        self.wait(Some(deadline))
    }

    fn wait(&self, deadline: Option<Instant>) -> Result<T, NotReceived> {
        let mut state = self.0.state();
        loop {
            match &*state {
                State::Full(_) => {
                    if let State::Full(value) = std::mem::replace(&mut *state, State::Closed) {
                        return Ok(value);
                    }
                }
                State::Closed => return Err(NotReceived::Lost),
                State::Empty | State::Task(_) | State::Thread => {}
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(NotReceived::TimedOut);
            }
            let before = std::mem::replace(&mut *state, State::Thread);
            if matches!(before, State::Task(_)) {
                drop(state);
                drop(before);
                state = self.0.state();
                continue;
            }
            state = if let Some(left) = left {
                let waited = self.0.changed.wait_timeout(state, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                let waited = self.0.changed.wait(state);
                waited.unwrap_or_else(PoisonError::into_inner)
            };
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, Lost>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T, Lost>> {
        let mut own = None;
        loop {
            let mut state = self.0.state();
            match &*state {
                State::Full(_) => {
                    if let State::Full(value) = std::mem::replace(&mut *state, State::Closed) {
                        return Poll::Ready(Ok(value));
                    }
                }
                State::Closed => return Poll::Ready(Err(Lost)),
                State::Task(known) if known.will_wake(context.waker()) => return Poll::Pending,
                State::Empty | State::Task(_) | State::Thread => {
                    if let Some(waker) = own.take() {
                        let before = std::mem::replace(&mut *state, State::Task(waker));
                        drop(state);
                        drop(before);
                        return Poll::Pending;
                    }
                }
            }
            drop(state);
            own = Some(context.waker().clone());
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        drop(self.0.close());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        sync::atomic::{AtomicUsize, Ordering},
        task::Wake,
        thread,
        time::Duration,
    };

    use super::*;

    const NEVER: Duration = Duration::from_secs(3600);

    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn poll<T>(receiver: &mut Receiver<T>, waker: &Arc<Counting>) -> Poll<Result<T, Lost>> {
        let waker = Waker::from(Arc::clone(waker));
        pin!(receiver).poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn a_value_that_was_sent_is_there_for_tasks_and_threads() {
        let (sender, receiver) = channel();
        sender.send(1).unwrap();
        assert_eq!(receiver.recv(), Ok(1));
        let (sender, mut receiver) = channel();
        sender.send(1).unwrap();
        assert_eq!(
            poll(&mut receiver, &Arc::default()),
            Poll::Ready(Ok(1)),
            "without a wait"
        );
        assert_eq!(
            receiver.recv_deadline(Instant::now()),
            Err(NotReceived::Lost)
        );
    }

    #[test]
    fn each_end_learns_that_the_other_has_gone() {
        let (sender, receiver) = channel::<u8>();
        drop(receiver);
        assert_eq!(sender.send(1), Err(1));
        let (sender, receiver) = channel::<u8>();
        drop(sender);
        assert_eq!(receiver.recv(), Err(Lost));
    }

    #[test]
    fn a_task_is_woken_once_by_its_latest_waker() {
        let (first, second) = (Arc::<Counting>::default(), Arc::<Counting>::default());
        let (sender, mut receiver) = channel();
        assert!(poll(&mut receiver, &first).is_pending());
        assert!(poll(&mut receiver, &second).is_pending());
        assert!(poll(&mut receiver, &second).is_pending());
        sender.send_here(1).unwrap();
        let wakes = || [&first, &second].map(|counting| counting.0.load(Ordering::Relaxed));
        assert_eq!(wakes(), [0, 1]);
        assert_eq!(receiver.recv(), Ok(1));
        // By another thread.
        let (sender, mut receiver) = channel();
        assert!(poll(&mut receiver, &first).is_pending());
        sender.send(1).unwrap();
        while wakes() != [1, 1] {
            thread::yield_now();
        }
        assert_eq!(receiver.recv(), Ok(1));
    }

    #[test]
    fn a_task_that_has_gone_is_not_woken() {
        let waker = Arc::<Counting>::default();
        let (sender, mut receiver) = channel::<u8>();
        assert!(poll(&mut receiver, &waker).is_pending());
        drop(receiver);
        drop(sender);
        assert_eq!(waker.0.load(Ordering::Relaxed), 0);
        assert_eq!(Arc::strong_count(&waker), 1);
    }

    #[test]
    fn a_thread_waits_until_its_deadline_and_can_wait_again() {
        let (sender, receiver) = channel();
        let soon = Instant::now() + Duration::from_millis(1);
        assert_eq!(receiver.recv_deadline(soon), Err(NotReceived::TimedOut));
        assert!(Instant::now() >= soon);
        let waiting = thread::spawn(move || receiver.recv_deadline(Instant::now() + NEVER));
        sender.send(1).unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(1));
    }

    #[test]
    fn what_has_waited_as_a_task_can_wait_as_a_thread() {
        let waker = Arc::<Counting>::default();
        let (sender, mut receiver) = channel();
        assert!(poll(&mut receiver, &waker).is_pending());
        let waiting = thread::spawn(move || receiver.recv());
        sender.send(1).unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(1));
    }

    /// A waker and a value that look into the slot whenever any of their code runs.
    #[test]
    fn nobody_elses_code_runs_under_the_lock() {
        struct Curious(Arc<Slot<Value>>);
        impl Curious {
            fn look(&self) {
                assert!(self.0.state.try_lock().is_ok(), "under the lock");
            }
        }
        impl Wake for Curious {
            fn wake(self: Arc<Self>) {
                self.look();
            }
        }
        impl Drop for Curious {
            fn drop(&mut self) {
                self.look();
            }
        }
        struct Value(#[expect(dead_code, reason = "dropped with it")] Curious);

        for end in 0..4 {
            let (sender, mut receiver) = channel::<Value>();
            let slot = Arc::clone(&receiver.0);
            for _ in 0..2 {
                let waker = Waker::from(Arc::new(Curious(Arc::clone(&slot))));
                let polled = Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker));
                assert!(polled.is_pending());
            }
            let value = || Value(Curious(Arc::clone(&slot)));
            match end {
                0 => drop(sender.send(value())),
                1 => drop((receiver, sender.send(value()))),
                2 => drop((sender, receiver)),
                _ => drop((receiver, sender)),
            }
        }
    }

    #[test]
    fn ends_that_race_lose_nothing() {
        for round in 0..2000 {
            let (sender, mut receiver) = channel();
            let value = Arc::new(());
            let sent = Arc::clone(&value);
            let sending = thread::spawn(move || drop(sender.send(sent)));
            let waker = Arc::<Counting>::default();
            match round % 3 {
                0 => drop((poll(&mut receiver, &waker), receiver)),
                1 => drop(receiver),
                _ => drop(receiver.recv().unwrap()),
            }
            sending.join().unwrap();
            assert_eq!(Arc::strong_count(&value), 1);
        }
    }
}
