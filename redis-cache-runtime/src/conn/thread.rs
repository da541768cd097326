//! The one background thread of the process.
//!
//! Nobody waits for it to start: its runtime is made on the thread itself, and what it is to do meanwhile is kept. Where the
//! system allows no further thread or descriptor, it is tried again at a later call. In a child that was forked in the middle
//! of another thread's first call, what tokio keeps for the whole process may be half made: then the thread hangs, alone.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle, Runtime},
    time::sleep,
};

use crate::{
    process::{
        catch_panic::catch_panic,
        launch::Launch,
        per_process::PerProcess,
        waking::{self, Whose},
    },
    telemetry,
};

/// A thread that takes longer to start counts as failed until it has.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long after a panic a task that is to run for ever is begun anew.
const PAUSE: Duration = Duration::from_secs(1);

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs everything that no caller waits for, on a current-thread runtime of its own.
#[derive(Default)]
pub(crate) struct IoThread {
    launch: Launch,
    /// Once it runs.
    handle: OnceLock<Handle>,
    waiting: Mutex<Waiting>,
    started: Condvar,
}

/// What is to be run once the thread runs.
#[derive(Default)]
struct Waiting {
    /// For ever.
    kept: Vec<Task>,
    /// Forgotten where the thread can't be started.
    once: Vec<Task>,
}

static THREAD: PerProcess<IoThread> = PerProcess::new();

impl IoThread {
    /// The thread, started at the first call. `None` while it can't be: then there is no cache, and handlers run as without
    /// one.
    pub(crate) fn get() -> Option<&'static Self> {
        let thread = THREAD.get();
        if thread.handle.get().is_none() {
            thread.start();
            if thread.has_failed() {
                return None;
            }
        }
        Some(thread)
    }

    /// The thread once it runs, for a caller that waits for what it asks of it. Waits for a start that is under way.
    pub(crate) fn running() -> Option<&'static Self> {
        let thread = Self::get()?;
        let mut waiting = thread.waiting();
        while thread.handle.get().is_none() {
            let left = PATIENCE.saturating_sub(thread.launch.since_begun());
            if left.is_zero() || thread.has_failed() {
                return None;
            }
            let woken = thread.started.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        Some(thread)
    }

    /// Has the thread run for ever what `make` makes, from when it runs on. What panics is made anew.
    pub(crate) fn keep<F>(make: impl Fn() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = async move {
            while tokio::spawn(make()).await.is_err() {
                sleep(PAUSE).await;
            }
        };
        let thread = THREAD.get();
        thread.start();
        thread.place(Box::pin(task), |waiting| &mut waiting.kept);
    }

    /// Runs `task` on the thread.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        match self.handle.get() {
            Some(handle) => drop(handle.spawn(task)),
            None => self.place(Box::pin(task), |waiting| &mut waiting.once),
        }
    }

    /// The thread's runtime, once it runs.
    pub(super) fn runtime(&self) -> Option<&Handle> {
        self.handle.get()
    }

    fn place(&self, task: Task, of: fn(&mut Waiting) -> &mut Vec<Task>) {
        let mut waiting = self.waiting();
        match self.handle.get() {
            Some(handle) => {
                drop(waiting);
                drop(handle.spawn(task));
            }
            None => of(&mut waiting).push(task),
        }
    }

    fn start(&'static self) {
        if let Some(error) = self.launch.ensure("redis-cache-io", || self.run()) {
            self.give_up();
            report(
                "no cache for now: its thread can't be started",
                error.to_string(),
            );
        }
    }

    fn run(&self) {
        telemetry::keep_off();
        // What is made of the runtime may panic where there are no descriptors left.
        let runtime = match catch_panic(build) {
            Ok(Ok(runtime)) => runtime,
            failed => {
                let error = failed.map_or_else(
                    |_panicked| "it panicked".to_owned(),
                    |failed| failed.map_or_else(|error| error.to_string(), |_| String::new()),
                );
                self.launch.failed();
                self.give_up();
                return report("no cache for now: its runtime can't be built", error);
            }
        };
        waking::learn(Whose::Runtimes, prompt_wakers(&runtime));
        let waiting = {
            let mut waiting = self.waiting();
            _ = self.handle.set(runtime.handle().clone());
            std::mem::take(&mut *waiting)
        };
        self.started.notify_all();
        for task in waiting.kept.into_iter().chain(waiting.once) {
            runtime.spawn(task);
        }
        runtime.block_on(pending::<()>());
    }

    /// Tells those who wait for what it was to do.
    fn give_up(&self) {
        let forgotten = std::mem::take(&mut self.waiting().once);
        self.started.notify_all();
        for task in forgotten {
            // Who waits for it is woken, which may run the executor's code.
            _ = catch_panic(|| drop(task));
        }
    }

    fn has_failed(&self) -> bool {
        self.launch.has_failed() || self.launch.since_begun() > PATIENCE
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn build() -> std::io::Result<Runtime> {
    spare_descriptors()?;
    Builder::new_current_thread()
        .enable_all()
        .thread_name("redis-cache-io")
        .max_blocking_threads(4)
        .build()
}

/// Wakers that are no more than a moment's work: those of a runtime's tasks and of who waits for a runtime.
fn prompt_wakers(runtime: &Runtime) -> impl Iterator<Item = Waker> {
    let own = || poll_fn(|context| Poll::Ready(context.waker().clone()));
    let task = runtime.block_on(runtime.spawn(own())).ok();
    let others = [
        runtime.block_on(own()),
        // As one waits for a runtime with threads of its own.
        runtime.handle().block_on(own()),
    ];
    task.into_iter().chain(others)
}

/// Fails where there are not so many descriptors left as a runtime takes: it panics where its signals get none.
#[cfg(unix)]
fn spare_descriptors() -> std::io::Result<()> {
    use std::os::unix::net::UnixStream;

    const PAIRS: usize = 4;
    let mut pairs = Vec::with_capacity(PAIRS);
    for _ in 0..PAIRS {
        pairs.push(UnixStream::pair()?);
    }
    Ok(())
}

#[cfg(not(unix))]
fn spare_descriptors() -> std::io::Result<()> {
    Ok(())
}

/// The caller may hold a lock.
fn report(message: &'static str, error: String) {
    telemetry::queue(move || tracing::error!(error, "{message}"));
}
