//! Connections for look-ups by many: one a runtime, driven by that runtime, for its tasks; and one of the background
//! thread, for threads.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    pin::Pin,
    sync::{
        Arc, PoisonError, RwLock, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use redis::{ConnectionInfo, aio::MultiplexedConnection};
use tokio::{
    runtime::{Handle, Id},
    sync::Notify,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    IoThread, connect, login,
    reply::Reply,
    source::Source,
    supervisor,
    wire::{self, Wire},
};
use crate::{
    limits::{CONNECT, IDLE, PING},
    process::per_process::{Belonging, Process},
};

/// A runtime that asks only once (each `#[tokio::test]` has its own) is not worth a connection.
const WORTHWHILE: u32 = 2;

/// How long a runtime whose attempt has failed goes without another.
const PAUSE: Duration = Duration::from_secs(1);

/// Runtimes that asked once, or could not open a connection, leave an entry behind when they end; this many are kept.
const COUNTERS: usize = 64;

/// The database that is asked through the client library's connection where the two are compared: the benchmarks build
/// with the `cfg` that [`takes_wire`] asks for, which is nothing that users set.
const LIBRARY_DATABASE: i64 = 15;

/// The connection of one runtime.
#[derive(Debug)]
enum Connection {
    /// Not opened yet: the runtime has asked so many times.
    Counting(u32),
    Opening,
    Open {
        transport: Transport,
        ping_requested: Arc<Notify>,
        closed: Arc<Notify>,
    },
    /// The attempt has failed; the next may be made then.
    Paused(Instant),
    /// The runtime can't drive a connection: it was built without I/O or timers.
    Unfit,
}

/// By what the requests of a connection go.
#[derive(Clone, Debug)]
pub(super) enum Transport {
    Wire(Arc<Wire>),
    /// TLS is left to the client library.
    Library(MultiplexedConnection),
}

type Table = HashMap<Id, Connection, BuildHasherDefault<IdHasher>>;

/// Runtimes are numbered one after the other: their numbers are hashes enough.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        // The table looks at the highest bits as well.
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The connections of one endpoint.
#[derive(Debug)]
pub(super) struct PerRuntime {
    source: Arc<Source>,
    retired: CancellationToken,
    connections: RwLock<Table>,
    /// Counts the times that all connections were ended. Written under the lock.
    generation: AtomicU64,
}

impl PerRuntime {
    pub(super) fn new(source: Arc<Source>, retired: CancellationToken) -> Self {
        Self {
            source,
            retired,
            connections: RwLock::default(),
            generation: AtomicU64::new(0),
        }
    }

    /// The way of the runtime that the caller is on. `None` while there is none; if one is worth
    /// the while, it is being opened then.
    pub(super) fn transport(self: &Arc<Self>, runtime: &Handle) -> Option<Transport> {
        let id = runtime.id();
        if let Some(Connection::Open { transport, .. }) = self
            .connections
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
        {
            return Some(transport.clone());
        }
        if let Some(generation) = self.should_open(id) {
            // The task owns the reservation from the start: a runtime that ends drops it, at whatever point.
            let reservation = Reservation {
                per_runtime: Arc::clone(self),
                id,
                generation,
                failed: false,
            };
            // Where a child goes on with the runtime, the connection stays the parent's.
            let serving: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(serve(reservation));
            runtime.spawn(Belonging::new(Process::current(), serving));
        }
        None
    }

    /// Says that a request in the runtime's connection got no answer.
    pub(super) fn request_ping(&self, id: Id) {
        let connections = self
            .connections
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(Connection::Open { ping_requested, .. }) = connections.get(&id) {
            ping_requested.notify_one();
        }
    }

    /// Counts the request; where the caller is to open the connection, gives the generation that it is of.
    fn should_open(&self, id: Id) -> Option<u64> {
        let mut connections = self.write();
        if connections.len() > COUNTERS && !connections.contains_key(&id) {
            connections.retain(|_, connection| {
                matches!(connection, Connection::Opening | Connection::Open { .. })
            });
        }
        let connection = connections.entry(id).or_insert(Connection::Counting(0));
        match connection {
            Connection::Counting(asked) if *asked + 1 < WORTHWHILE => {
                *asked += 1;
                None
            }
            Connection::Paused(until) if Instant::now() < *until => None,
            Connection::Counting(_) | Connection::Paused(_) => {
                *connection = Connection::Opening;
                Some(self.generation.load(Ordering::Relaxed))
            }
            Connection::Opening | Connection::Open { .. } | Connection::Unfit => None,
        }
    }

    /// Has every connection sent a `PING`.
    pub(super) fn request_ping_all(&self) {
        let connections = self
            .connections
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        for connection in connections.values() {
            if let Connection::Open { ping_requested, .. } = connection {
                ping_requested.notify_one();
            }
        }
    }

    /// Has every connection notice if it has ended.
    pub(super) fn watch(&self) {
        let connections = self
            .connections
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        for connection in connections.values() {
            if let Connection::Open {
                transport: Transport::Wire(wire),
                ..
            } = connection
            {
                wire.watch();
            }
        }
    }

    /// Ends all connections, those that are being opened included: the server has gone, or is no longer the one that is meant.
    pub(super) fn close(&self) {
        let connections = self.write();
        self.generation.fetch_add(1, Ordering::Relaxed);
        for connection in connections.values() {
            if let Connection::Open { closed, .. } = connection {
                closed.notify_one();
            }
        }
    }

    fn set(&self, id: Id, connection: Connection) {
        // The callers that still wait on the old one are woken when it is dropped: not under the lock.
        let before = self.write().insert(id, connection);
        drop(before);
    }

    fn remove(&self, id: Id) {
        let before = self.write().remove(&id);
        drop(before);
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.connections
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to a runtime's connection; given up when the connection's task ends, however it does.
struct Reservation {
    per_runtime: Arc<PerRuntime>,
    id: Id,
    generation: u64,
    /// Whether the attempt to connect has failed.
    failed: bool,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if thread::panicking() {
            // Only a runtime without I/O or timers makes the task panic.
            self.per_runtime.set(self.id, Connection::Unfit);
        } else if self.failed {
            self.per_runtime
                .set(self.id, Connection::Paused(Instant::now() + PAUSE));
        } else {
            self.per_runtime.remove(self.id);
        }
    }
}

impl Reservation {
    fn is_on_background_thread(&self) -> bool {
        let runtime = IoThread::get().and_then(IoThread::runtime);
        runtime.is_some_and(|runtime| runtime.id() == self.id)
    }

    /// `None` where all connections were ended meanwhile, or the endpoint was retired: then they are ended a last time.
    fn open(&self, transport: Transport) -> Option<Signals> {
        let signals = Signals::default();
        let opened = Connection::Open {
            transport,
            ping_requested: Arc::clone(&signals.ping_requested),
            closed: Arc::clone(&signals.closed),
        };
        let mut connections = self.per_runtime.write();
        let is_over = self.per_runtime.generation.load(Ordering::Relaxed) != self.generation;
        if is_over || self.per_runtime.retired.is_cancelled() {
            return None;
        }
        connections.insert(self.id, opened);
        Some(signals)
    }
}

/// The signals to a connection's task.
#[derive(Default)]
struct Signals {
    ping_requested: Arc<Notify>,
    closed: Arc<Notify>,
}

/// Ends a wire with the task that drives it, however that ends.
struct Closing(Arc<Wire>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Opens the connection and stays until the connection is lost or the runtime ends.
async fn serve(mut reservation: Reservation) {
    let Some(client) = reservation.per_runtime.source.client() else {
        reservation.failed = true;
        return;
    };
    let server = client.get_connection_info();
    if takes_wire(server) {
        match timeout(CONNECT, wire::open(server)).await {
            Ok(Ok(wire)) => serve_wire(&reservation, wire).await,
            Ok(Err(_)) | Err(_) => reservation.failed = true,
        }
    } else {
        let closed = Arc::new(Notify::new());
        match timeout(CONNECT, connect::open(&client, Arc::clone(&closed))).await {
            Ok(Ok(connection)) => serve_library(&reservation, connection, &closed).await,
            Ok(Err(_)) | Err(_) => reservation.failed = true,
        }
    }
}

fn takes_wire(server: &ConnectionInfo) -> bool {
    let is_compared =
        cfg!(redis_cache_library_connection) && server.redis_settings().db() == LIBRARY_DATABASE;
    login::is_possible(server) && !is_compared
}

async fn serve_wire(reservation: &Reservation, wire: Wire) {
    let wire = Arc::new(wire);
    let _closing = Closing(Arc::clone(&wire));
    let Some(signals) = reservation.open(Transport::Wire(Arc::clone(&wire))) else {
        return;
    };
    tokio::select! {
        _lost = wire.drive() => {}
        () = signals.closed.notified() => {}
        () = find_fault(&wire, &signals.ping_requested) => {}
        () = wire.unused_for(IDLE), if reservation.is_on_background_thread() => {}
    }
}

/// Returns when there was doubt and no right answer.
async fn find_fault(wire: &Wire, ping_requested: &Notify) {
    loop {
        ping_requested.notified().await;
        let Some(answer) = wire.ping() else { return };
        match timeout(PING, answer).await {
            Ok(Ok(replies)) if replies.iter().all(Reply::is_pong) => {}
            _ => return,
        }
    }
}

async fn serve_library(
    reservation: &Reservation,
    mut connection: MultiplexedConnection,
    closed: &Notify,
) {
    let Some(signals) = reservation.open(Transport::Library(connection.clone())) else {
        return;
    };
    let source = &reservation.per_runtime.source;
    tokio::select! {
        _fault = supervisor::watch(source, &mut connection, closed, &signals.ping_requested, || {}) => {}
        () = signals.closed.notified() => {}
    }
}
