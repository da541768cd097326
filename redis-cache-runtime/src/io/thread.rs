//! The one background thread of the process.

use std::{future::pending, sync::OnceLock, thread};

use tokio::runtime::{Builder, Handle};

use crate::per_process::PerProcess;

/// Runs everything that no caller waits for, on a current-thread runtime of its own.
#[derive(Debug)]
pub(crate) struct IoThread {
    handle: Handle,
}

impl IoThread {
    /// The thread, started at the first call. `None` where the system allows no further thread: then there
    /// is no cache, and handlers run as without one.
    pub(crate) fn get() -> Option<&'static Self> {
        static THREAD: PerProcess<OnceLock<Option<IoThread>>> = PerProcess::new();
        THREAD.get().get_or_init(Self::start).as_ref()
    }

    fn start() -> Option<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .thread_name("redis-cache-io")
            .max_blocking_threads(4)
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!(%error, "no cache: its runtime can't be built");
                return None;
            }
        };
        let handle = runtime.handle().clone();
        let started = thread::Builder::new()
            .name("redis-cache-io".to_owned())
            .spawn(move || runtime.block_on(pending::<()>()));
        match started {
            Ok(_detached) => Some(Self { handle }),
            Err(error) => {
                tracing::error!(%error, "no cache: its thread can't be started");
                None
            }
        }
    }

    /// The thread's runtime.
    pub(super) const fn runtime(&self) -> &Handle {
        &self.handle
    }

    /// Runs `task` on the thread.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }

    /// Runs `task`, which may block, beside the thread.
    pub(crate) fn spawn_blocking(&self, task: impl FnOnce() + Send + 'static) {
        self.handle.spawn_blocking(task);
    }
}
