//! The one background thread of the process.
//!
//! Calls do not wait for it to start: it makes its runtime itself, and tasks are queued until then. Where the system allows no
//! further thread or descriptor, a later call tries again. In a child that was forked in the middle of another thread's first
//! call, tokio's process-wide state may be half made: then this thread hangs, and no other does.

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

/// A thread that has not started within this time counts as failed until it has.
const PATIENCE: Duration = Duration::from_secs(1);

/// The wait before a kept task that has panicked is started again.
const PAUSE: Duration = Duration::from_secs(1);

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs all work that no caller does itself, on a current-thread runtime.
#[derive(Default)]
pub(crate) struct IoThread {
    launch: Launch,
    /// Set once the thread runs.
    handle: OnceLock<Handle>,
    waiting: Mutex<Waiting>,
    started: Condvar,
}

/// Tasks that wait until the thread runs.
#[derive(Default)]
struct Waiting {
    /// These also wait for a later start where one has failed.
    kept: Vec<Task>,
    /// These are dropped where the thread can't be started.
    once: Vec<Task>,
}

static THREAD: PerProcess<IoThread> = PerProcess::new();

impl IoThread {
    /// The thread, started at the first call. `None` while it can't be started: handlers run uncached then.
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

    /// The thread, for an operation that waits for it. Waits for a start that is under way, [`PATIENCE`] at most.
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

    /// Runs the future of `make` on the thread, now or once the thread runs. After a panic `make` is called again.
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

    /// Runs `task` on the thread, now or once the thread runs.
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
        // Tokio may panic here where no descriptors are left.
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

    /// Wakes callers that wait for the start, and drops the queued tasks: their callers learn that no answer comes.
    fn give_up(&self) {
        let forgotten = std::mem::take(&mut self.waiting().once);
        self.started.notify_all();
        for task in forgotten {
            // Dropping a task wakes its caller, which may run the executor's code.
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

/// Tokio's kinds of wakers, which return at once: those of tasks, and those of `block_on`.
fn prompt_wakers(runtime: &Runtime) -> impl Iterator<Item = Waker> {
    let own = || poll_fn(|context| Poll::Ready(context.waker().clone()));
    let task = runtime.block_on(runtime.spawn(own())).ok();
    let others = [
        runtime.block_on(own()),
        // `block_on` of a multi-thread runtime has wakers of this kind.
        runtime.handle().block_on(own()),
    ];
    task.into_iter().chain(others)
}

/// Fails where fewer descriptors are left than a runtime needs: Tokio panics where its signals get none.
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

/// Queues the event for the thread that emits: the caller may hold a lock.
fn report(message: &'static str, error: String) {
    telemetry::queue(move || tracing::error!(error, "{message}"));
}
