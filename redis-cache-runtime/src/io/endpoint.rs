//! One Redis server, and every way to ask it.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use redis::{Client, Cmd, ConnectionInfo, RedisError, Value, aio::MultiplexedConnection};
use tokio::{
    runtime::{Handle, Id},
    sync::Notify,
    time::{timeout, timeout_at},
};

use super::{
    IoThread,
    lanes::Lanes,
    link::{Link, Probe},
    lookup::{Failure, Lookup, interpret},
    overdue::{self, Overdue},
    pool::Pool,
};
use crate::{cache::Cache, store};

/// The most look-ups that may be on their way through the background thread.
const IN_FLIGHT: usize = 4096;

/// One Redis server (or whatever answers at one address), shared by all caches that live there.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Where it is, without credentials.
    address: String,
    client: Client,
    link: Link,
    lanes: Lanes,
    overdue: Overdue,
    pool: Pool,
    caches: Mutex<Vec<Arc<Cache>>>,
    work: Notify,
    in_flight: AtomicUsize,
}

impl Endpoint {
    /// Prepares an endpoint and starts to connect, in the background.
    pub(crate) fn open(connection: ConnectionInfo) -> Result<Arc<Self>, RedisError> {
        let address = address(&connection);
        let endpoint = Arc::new(Self {
            client: Client::open(connection)?,
            address,
            link: Link::new(),
            lanes: Lanes::default(),
            overdue: Overdue::default(),
            pool: Pool::default(),
            caches: Mutex::default(),
            work: Notify::new(),
            in_flight: AtomicUsize::new(0),
        });
        if let Some(thread) = IoThread::get() {
            let keeper = Arc::clone(&endpoint);
            thread.spawn(async move {
                let lost = || keeper.pool.clear();
                keeper
                    .link
                    .keep(&keeper.client, &keeper.address, lost)
                    .await;
            });
            thread.spawn(store::write(Arc::clone(&endpoint)));
        }
        Ok(endpoint)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    pub(super) const fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    pub(super) const fn overdue(&self) -> &Overdue {
        &self.overdue
    }

    pub(super) const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Whether the server is known to be away.
    pub(crate) fn is_down(&self) -> bool {
        self.link.probe() == Probe::Down
    }

    /// Why there is no connection, where one was tried.
    pub(crate) fn reason(&self) -> Option<RedisError> {
        self.link.reason()
    }

    /// Says that a request got no answer.
    pub(crate) fn doubt(&self) {
        self.link.doubt();
    }

    /// The background thread's connection, once it is known whether there is one.
    pub(crate) async fn connection(&self) -> Option<MultiplexedConnection> {
        self.link.connection().await
    }

    /// Adds a cache to those whose outbox the writer empties.
    pub(crate) fn add(&self, cache: Arc<Cache>) {
        self.caches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(cache);
    }

    /// The caches that live here.
    pub(crate) fn caches(&self) -> Vec<Arc<Cache>> {
        self.caches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Tells the writer that an outbox has something.
    pub(crate) fn announce(&self) {
        self.work.notify_one();
    }

    /// Waits for [`Endpoint::announce`].
    pub(crate) async fn announced(&self) {
        self.work.notified().await;
    }

    /// Looks `key` up, blocking the thread for at most `budget`.
    pub(crate) fn lookup_blocking(self: &Arc<Self>, key: &str, budget: Duration) -> Lookup {
        if self.is_down() {
            return Lookup::Failed(Failure::Unavailable);
        }
        let deadline = Instant::now() + budget;
        if self.link.probe() == Probe::Up
            && let Some(mut connection) = self.pool.take(self)
        {
            let reply = connection.request(&get(key).get_packed_command(), budget);
            match &reply {
                Err(error) if error.is_timeout() => {
                    self.pool.discard(&connection);
                    self.doubt();
                    return Lookup::Failed(Failure::TimedOut);
                }
                // An idle connection may have been closed by the server: the link knows better.
                Err(_) => self.pool.discard(&connection),
                Ok(_) => {
                    self.pool.put(connection);
                    return interpret(reply);
                }
            }
        }
        match self.lookup_through_thread(key, deadline, oneshot::channel) {
            Some(answer) => answer
                .recv_deadline(deadline)
                .unwrap_or(Lookup::Failed(Failure::TimedOut)),
            None => Lookup::Failed(Failure::Unavailable),
        }
    }

    /// Looks `key` up, taking at most `budget`.
    pub(crate) async fn lookup(self: &Arc<Self>, key: &str, budget: Duration) -> Lookup {
        if self.is_down() {
            return Lookup::Failed(Failure::Unavailable);
        }
        let deadline = Instant::now() + budget;
        if self.link.probe() == Probe::Up
            && let Ok(runtime) = Handle::try_current()
            && let Some(mut connection) = self.lanes.connection(self, &runtime)
        {
            let command = get(key);
            let asked = timeout(budget, connection.send_packed_command(&command));
            let asked = on_runtime(runtime.id(), asked);
            match overdue::until(self, deadline, asked).await {
                None | Some(Some(Err(_))) => {
                    self.doubt();
                    self.lanes.doubt(runtime.id());
                    return Lookup::Failed(Failure::TimedOut);
                }
                Some(Some(Ok(Ok(reply)))) => return interpret(Ok(reply)),
                // The lane is lost; the link may not be.
                Some(Some(Ok(Err(_))) | None) => {}
            }
        }
        match self.lookup_through_thread(key, deadline, oneshot::async_channel) {
            Some(answer) => answer.await.unwrap_or(Lookup::Failed(Failure::Broken)),
            None => Lookup::Failed(Failure::Unavailable),
        }
    }

    /// Has the background thread look up; it keeps to the deadline. `None` where it has too much to do.
    fn lookup_through_thread<R>(
        self: &Arc<Self>,
        key: &str,
        deadline: Instant,
        channel: fn() -> (oneshot::Sender<Lookup>, R),
    ) -> Option<R> {
        let thread = IoThread::get()?;
        let place = Place::take(self)?;
        let (sender, receiver) = channel();
        let command = get(key);
        thread.spawn(async move {
            let lookup = place.0.ask(&command, deadline).await;
            drop(place);
            drop(sender.send(lookup));
        });
        Some(receiver)
    }

    /// Asks on the background thread's connection.
    async fn ask(&self, command: &Cmd, deadline: Instant) -> Lookup {
        let asked = timeout_at(deadline.into(), async {
            let Some(mut connection) = self.connection().await else {
                return Lookup::Failed(Failure::Unavailable);
            };
            interpret(connection.send_packed_command(command).await)
        });
        let lookup = asked.await.unwrap_or(Lookup::Failed(Failure::TimedOut));
        if matches!(lookup, Lookup::Failed(Failure::TimedOut)) {
            self.doubt();
        }
        lookup
    }

    /// Sends a command that nobody's call waits for; `None` where there is no connection.
    pub(crate) async fn command(
        &self,
        command: &Cmd,
        budget: Duration,
    ) -> Option<Result<Value, RedisError>> {
        let asked = timeout(budget, async {
            let mut connection = self.connection().await?;
            Some(connection.send_packed_command(command).await)
        });
        if let Ok(answer) = asked.await {
            return answer;
        }
        self.doubt();
        Some(Err(
            std::io::Error::from(std::io::ErrorKind::TimedOut).into()
        ))
    }
}

/// One of the places among the look-ups that go through the background thread.
struct Place(Arc<Endpoint>);

impl Place {
    fn take(endpoint: &Arc<Endpoint>) -> Option<Self> {
        // Counted before it is compared: the guard takes it back either way.
        let taken = endpoint.in_flight.fetch_add(1, Ordering::Relaxed);
        let place = Self(Arc::clone(endpoint));
        (taken < IN_FLIGHT).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs `work` for as long as it is polled on the runtime `id`. A future may be polled on one runtime first and on another
/// later, and a timer panics when it is polled after its own runtime has ended.
async fn on_runtime<T>(id: Id, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match Handle::try_current() {
        Ok(current) if current.id() == id => work.as_mut().poll(context).map(Some),
        Ok(_) | Err(_) => Poll::Ready(None),
    })
    .await
}

fn get(key: &str) -> Cmd {
    let mut command = redis::cmd("GET");
    command.arg(key);
    command
}

/// Where a connection goes, without credentials.
fn address(connection: &ConnectionInfo) -> String {
    let db = connection.redis_settings().db();
    match connection.addr() {
        redis::ConnectionAddr::Unix(path) => format!("redis+unix://{}?db={db}", path.display()),
        redis::ConnectionAddr::TcpTls { host, port, .. } => format!("rediss://{host}:{port}/{db}"),
        address => format!("redis://{address}/{db}"),
    }
}
