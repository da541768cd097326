//! Connections for blocking look-ups, each driven by the thread that looks up.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{IoThread, blocking::Blocking, source::Source};
use crate::limits::{CONNECT, IDLE, THREAD_CONNECTIONS};

/// The wait after a failed attempt to connect.
const PAUSE: Duration = Duration::from_secs(1);

/// A connection of the pool.
#[derive(Debug)]
pub(super) struct Pooled {
    pub(super) connection: Blocking,
    used: Instant,
    generation: u64,
}

/// The blocking connections of one endpoint.
pub(super) struct Pool {
    source: Arc<Source>,
    state: Mutex<State>,
    /// Threads that look up now, with or without a connection of the pool.
    threads: AtomicUsize,
}

#[derive(Default)]
struct State {
    idle: Vec<Pooled>,
    /// Connections that are idle, in use, or being opened.
    open: usize,
    opening: bool,
    /// The last attempt failed: the next is not made before this time.
    paused: Option<Instant>,
    /// Whether a task runs that closes idle connections.
    is_tended: bool,
    /// Raised by [`Pool::clear`]: a connection of an earlier generation is closed when it is put back.
    generation: u64,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Pool")
            .field("idle", &state.idle.len())
            .field("open", &state.open)
            .finish()
    }
}

/// Counts a thread as looking up, until it is dropped.
pub(super) struct Looking<'p> {
    pool: &'p Pool,
    /// Whether [`THREAD_CONNECTIONS`] other threads look up already.
    pub(super) in_crowd: bool,
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.pool.threads.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    pub(super) fn new(source: Arc<Source>) -> Self {
        Self {
            source,
            state: Mutex::default(),
            threads: AtomicUsize::new(0),
        }
    }

    /// Counts the calling thread as looking up.
    pub(super) fn begin(&self) -> Looking<'_> {
        let others = self.threads.fetch_add(1, Ordering::Relaxed);
        Looking {
            pool: self,
            in_crowd: others >= THREAD_CONNECTIONS,
        }
    }

    /// Takes an idle connection. Where there is none, opens one in the background for later look-ups.
    pub(super) fn take(self: &Arc<Self>) -> Option<Pooled> {
        if !self.source.is_plain() {
            return None;
        }
        let mut state = self.state();
        if let Some(connection) = state.idle.pop() {
            return Some(connection);
        }
        let is_paused = state.paused.is_some_and(|until| Instant::now() < until);
        if state.open < THREAD_CONNECTIONS && !state.opening && !is_paused {
            let first = !std::mem::replace(&mut state.is_tended, true);
            state.open += 1;
            state.opening = true;
            let generation = state.generation;
            drop(state);
            open(self, generation, first);
        }
        None
    }

    /// Puts a connection back, or closes it where it can't be used again.
    pub(super) fn put(&self, mut pooled: Pooled, now: Instant) {
        pooled.used = now;
        let mut state = self.state();
        if pooled.generation != state.generation {
            return;
        }
        if pooled.connection.is_good() {
            state.idle.push(pooled);
        } else {
            state.open = state.open.saturating_sub(1);
        }
    }

    /// Gives all connections up, because the server has gone.
    pub(super) fn clear(&self) {
        let mut state = self.state();
        state.generation += 1;
        state.open = 0;
        state.opening = false;
        state.is_tended = false;
        state.paused = None;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        drop(idle);
    }

    fn opened(&self, generation: u64, connection: Option<Blocking>) {
        let mut state = self.state();
        if generation != state.generation {
            return;
        }
        state.opening = false;
        if let Some(connection) = connection {
            state.idle.push(Pooled {
                connection,
                used: Instant::now(),
                generation,
            });
        } else {
            state.open = state.open.saturating_sub(1);
            state.paused = Some(Instant::now() + PAUSE);
        }
    }

    /// Closes connections that were not used for [`IDLE`]. Returns whether any of the generation are left.
    fn close_idle(&self, generation: u64) -> bool {
        let mut state = self.state();
        if state.generation != generation {
            return false;
        }
        let now = Instant::now();
        let (unused, idle): (Vec<_>, Vec<_>) = std::mem::take(&mut state.idle)
            .into_iter()
            .partition(|connection| now.duration_since(connection.used) >= IDLE);
        state.idle = idle;
        state.open = state.open.saturating_sub(unused.len());
        let left = state.open > 0;
        state.is_tended = left;
        drop(state);
        drop(unused);
        left
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a connection on a thread of its own. The first of a generation also starts the task that closes idle connections.
fn open(pool: &Arc<Pool>, generation: u64, first: bool) {
    let opener = Arc::clone(pool);
    let started = thread::Builder::new()
        .name("redis-cache-connect".to_owned())
        .spawn(move || {
            let client = opener.source.client();
            let connection = client
                .and_then(|client| Blocking::connect(client.get_connection_info(), CONNECT).ok());
            opener.opened(generation, connection);
        });
    if started.is_err() {
        pool.opened(generation, None);
    }
    if let (true, Some(io)) = (first, IoThread::get()) {
        let pool = Arc::clone(pool);
        io.spawn(async move {
            while pool.close_idle(generation) {
                sleep(IDLE / 2).await;
            }
        });
    }
}
