//! Connections for blocking look-ups: each driven by the thread that looks up.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use redis::{Connection, ConnectionLike as _, RedisError, Value};
use tokio::time::sleep;

use super::{Endpoint, IoThread};

/// With more threads than this looking up at once, sharing the background thread's connection is faster
/// than having one each: many requests go out in one system call.
const MOST: usize = 4;

/// A connection that nobody has used for so long is closed.
const IDLE: Duration = Duration::from_secs(10);

/// How long opening a connection may take; nobody waits for it.
const CONNECT: Duration = Duration::from_secs(1);

/// A blocking connection.
pub(super) struct Blocking {
    connection: Connection,
    /// What the socket's time-outs are set to.
    timeout: Duration,
    used: Instant,
    generation: u64,
}

impl Blocking {
    /// Sends one packed command and waits for the answer. After an error the connection is not to be used again:
    /// the answer may still come.
    pub(super) fn request(
        &mut self,
        packed: &[u8],
        timeout: Duration,
    ) -> Result<Value, RedisError> {
        if self.timeout != timeout {
            self.connection.set_read_timeout(Some(timeout))?;
            self.connection.set_write_timeout(Some(timeout))?;
            self.timeout = timeout;
        }
        self.connection.req_packed_command(packed)
    }
}

/// The blocking connections of one endpoint.
#[derive(Default)]
pub(super) struct Pool {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<Blocking>,
    /// Idle, in use, or being opened.
    open: usize,
    opening: bool,
    /// Counts the times that all connections were given up.
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

impl Pool {
    /// Takes an idle connection. Where there is none, one more is opened for those who come later.
    pub(super) fn take(&self, endpoint: &Arc<Endpoint>) -> Option<Blocking> {
        let mut state = self.state();
        if let Some(connection) = state.idle.pop() {
            return Some(connection);
        }
        if state.open < MOST && !state.opening {
            let first = state.open == 0;
            state.open += 1;
            state.opening = true;
            let generation = state.generation;
            drop(state);
            open(endpoint, generation, first);
        }
        None
    }

    /// Puts a connection back.
    pub(super) fn put(&self, mut connection: Blocking) {
        connection.used = Instant::now();
        let mut state = self.state();
        if connection.generation == state.generation {
            state.idle.push(connection);
        }
    }

    /// Gives a broken connection up.
    pub(super) fn discard(&self, connection: &Blocking) {
        let mut state = self.state();
        if connection.generation == state.generation {
            state.open = state.open.saturating_sub(1);
        }
    }

    /// Gives all connections up: the server has gone.
    pub(super) fn clear(&self) {
        let mut state = self.state();
        state.generation += 1;
        state.open = 0;
        state.opening = false;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        drop(idle);
    }

    fn opened(&self, generation: u64, connection: Option<Connection>) {
        let mut state = self.state();
        if generation != state.generation {
            return;
        }
        state.opening = false;
        match connection {
            Some(connection) => state.idle.push(Blocking {
                connection,
                timeout: Duration::ZERO,
                used: Instant::now(),
                generation,
            }),
            None => state.open = state.open.saturating_sub(1),
        }
    }

    /// Closes what has been idle for long. Tells whether any are left.
    fn close_idle(&self) -> bool {
        let mut state = self.state();
        let now = Instant::now();
        let (unused, idle): (Vec<_>, Vec<_>) = std::mem::take(&mut state.idle)
            .into_iter()
            .partition(|connection| now.duration_since(connection.used) >= IDLE);
        state.idle = idle;
        state.open = state.open.saturating_sub(unused.len());
        let left = state.open > 0;
        drop(state);
        drop(unused);
        left
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens a connection beside the background thread. The first of a series also brings the task that closes idle ones.
fn open(endpoint: &Arc<Endpoint>, generation: u64, first: bool) {
    let Some(thread) = IoThread::get() else {
        return;
    };
    let opener = Arc::clone(endpoint);
    thread.spawn_blocking(move || {
        let client = opener.source().client();
        let connection = client.and_then(|client| client.get_connection_with_timeout(CONNECT).ok());
        opener.pool().opened(generation, connection);
    });
    if first {
        let endpoint = Arc::clone(endpoint);
        thread.spawn(async move {
            while endpoint.pool().close_idle() {
                sleep(IDLE / 2).await;
            }
        });
    }
}
