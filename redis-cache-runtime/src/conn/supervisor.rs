//! The background thread's own connection to one endpoint: made, watched, and made again.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU8, Ordering},
};

use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, PushInfo, PushKind, RedisError, Value,
    aio::MultiplexedConnection,
};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use tokio_util::sync::CancellationToken;

use super::{eviction::free_policy, plain::explained, source::Source};
use crate::{
    limits::{CONNECT, PING, RECONNECT_FIRST, RECONNECT_LONGEST, WATCH},
    process::backoff::Backoff,
    telemetry,
};

/// What the connection is.
#[derive(Clone, Debug)]
enum ConnectionState {
    /// Not known yet: the first attempt is under way.
    Connecting,
    Up(MultiplexedConnection),
    Down,
}

/// What a caller can see of the connection without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Connectivity {
    Connecting = 0,
    Up = 1,
    Down = 2,
}

/// What the supervisor of a connection tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Up {
        /// Whether the server is one of a cluster.
        in_cluster: bool,
    },
    Down,
    /// It has been tried, and is good.
    Tried,
    /// An attempt to connect has failed.
    Unreachable,
}

/// The state of the connection, and the doubts about it.
#[derive(Debug)]
pub(super) struct ConnectionSupervisor {
    state: watch::Sender<ConnectionState>,
    connectivity: AtomicU8,
    ping_requested: Notify,
    /// Why there was no connection the last time.
    reason: Mutex<Option<RedisError>>,
}

impl ConnectionSupervisor {
    pub(super) fn new() -> Self {
        Self {
            state: watch::Sender::new(ConnectionState::Connecting),
            connectivity: AtomicU8::new(Connectivity::Connecting as u8),
            ping_requested: Notify::new(),
            reason: Mutex::new(None),
        }
    }

    /// Why there is no connection, where one was tried.
    pub(super) fn reason(&self) -> Option<RedisError> {
        self.reason
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set_reason(&self, reason: Option<RedisError>) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    pub(super) fn connectivity(&self) -> Connectivity {
        match self.connectivity.load(Ordering::Acquire) {
            0 => Connectivity::Connecting,
            1 => Connectivity::Up,
            _ => Connectivity::Down,
        }
    }

    /// Waits until the first attempt to connect has ended; gives the connection if there is one now.
    pub(super) async fn connection(&self) -> Option<MultiplexedConnection> {
        let mut states = self.state.subscribe();
        let known = states
            .wait_for(|state| !matches!(state, ConnectionState::Connecting))
            .await;
        match known.as_deref() {
            Ok(ConnectionState::Up(connection)) => Some(connection.clone()),
            Ok(ConnectionState::Connecting | ConnectionState::Down) | Err(_) => None,
        }
    }

    /// Says that a request got no answer: the connection is tried with a `PING`.
    pub(super) fn request_ping(&self) {
        self.ping_requested.notify_one();
    }

    /// Keeps the connection up until it is retired. Each new connection is told the `greeting`; `tell` hears of each change.
    pub(super) async fn keep(
        &self,
        source: &Source,
        address: &str,
        greeting: &[Cmd],
        retired: &CancellationToken,
        tell: impl Fn(Change),
    ) {
        let keeping = self.keep_up(source, address, greeting, &tell);
        if retired.run_until_cancelled(keeping).await.is_none() {
            self.publish(ConnectionState::Down, Connectivity::Down);
            tell(Change::Down);
        }
    }

    async fn keep_up(
        &self,
        source: &Source,
        address: &str,
        greeting: &[Cmd],
        tell: &impl Fn(Change),
    ) {
        let mut backoff = Backoff::new(RECONNECT_FIRST, RECONNECT_LONGEST);
        let mut was_up = None;
        let mut has_warned = false;
        loop {
            match connect(source, greeting).await {
                Ok(Connected {
                    mut connection,
                    closed,
                    in_cluster,
                    free_policy,
                }) => {
                    if let Some(policy) = free_policy.filter(|_| !has_warned) {
                        has_warned = true;
                        warn_of(policy, address.to_owned());
                    }
                    if was_up != Some(true) {
                        let address = address.to_owned();
                        telemetry::report(move || tracing::info!(address, "connected to Redis"));
                    }
                    was_up = Some(true);
                    backoff = Backoff::new(RECONNECT_FIRST, RECONNECT_LONGEST);
                    self.publish(ConnectionState::Up(connection.clone()), Connectivity::Up);
                    tell(Change::Up { in_cluster });
                    // What failed before is no reason for what comes.
                    self.set_reason(None);
                    let tried = || tell(Change::Tried);
                    let fault = watch(
                        source,
                        &mut connection,
                        &closed,
                        &self.ping_requested,
                        tried,
                    )
                    .await;
                    self.set_reason(Some(fault));
                    self.publish(ConnectionState::Down, Connectivity::Down);
                    tell(Change::Down);
                }
                Err(error) => {
                    if was_up != Some(false) {
                        let (address, error) = (address.to_owned(), error.to_string());
                        telemetry::report(move || {
                            tracing::warn!(address, %error, "Redis can't be reached; handlers run uncached until it can");
                        });
                    }
                    was_up = Some(false);
                    self.set_reason(Some(error));
                    self.publish(ConnectionState::Down, Connectivity::Down);
                    tell(Change::Unreachable);
                }
            }
            sleep(backoff.next()).await;
        }
    }

    fn publish(&self, state: ConnectionState, connectivity: Connectivity) {
        self.connectivity
            .store(connectivity as u8, Ordering::Release);
        self.state.send_replace(state);
    }
}

/// Returns when the connection is no good any more, and why: it has been closed, or there is doubt and it does not answer as
/// the server that was meant. `tell` hears each time that it was tried and is good.
pub(super) async fn watch(
    source: &Source,
    connection: &mut MultiplexedConnection,
    closed: &Notify,
    ping_requested: &Notify,
    tell: impl Fn(),
) -> RedisError {
    loop {
        tokio::select! {
            () = closed.notified() => {
                return RedisError::from((ErrorKind::Io, "the connection was closed"));
            }
            () = ping_requested.notified() => {}
            () = sleep(WATCH) => {}
        }
        let question = source.question();
        match timeout(PING, connection.send_packed_command(&question)).await {
            Ok(Ok(answer)) if source.is_meant(&answer) => {}
            Ok(Ok(_another)) => return another_server(),
            // An error is an answer.
            Ok(Err(error)) if error.code().is_some() => {}
            Ok(Err(error)) => return error,
            Err(_elapsed) => return no_answer(),
        }
        tell();
    }
}

fn another_server() -> RedisError {
    RedisError::from((
        ErrorKind::Io,
        "the server does not answer as the one that was meant",
    ))
}

fn no_answer() -> RedisError {
    std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer within a second").into()
}

struct Connected {
    connection: MultiplexedConnection,
    /// Notified when it ends.
    closed: Arc<Notify>,
    in_cluster: bool,
    /// A policy by which the server may evict the order of a cache's entries.
    free_policy: Option<String>,
}

fn warn_of(policy: String, address: String) {
    telemetry::report(move || {
        tracing::warn!(
            address,
            policy,
            "Redis may evict the order of a cache's entries, and then has more of them than `maxsize`; \
             set `maxmemory-policy` to `noeviction` or to one that begins with `volatile-`"
        );
    });
}

/// Connects to the first place where the server is.
async fn connect(source: &Source, greeting: &[Cmd]) -> Result<Connected, RedisError> {
    let mut last_error = None;
    for place in source.find().await? {
        match connect_to(&place, source, greeting).await {
            Ok(connected) => {
                source.is_at(&place);
                return Ok(connected);
            }
            Err(error) => last_error = Some(explained(error, &place).await),
        }
    }
    Err(last_error.unwrap_or_else(|| RedisError::from((ErrorKind::Io, "there is no server"))))
}

async fn connect_to(
    place: &Client,
    source: &Source,
    greeting: &[Cmd],
) -> Result<Connected, RedisError> {
    timeout(CONNECT, async {
        let closed = Arc::new(Notify::new());
        let mut connection = open(place, Arc::clone(&closed)).await?;
        let mut questions = redis::Pipeline::new();
        questions
            .cmd("HELLO")
            .add_command(source.question())
            .cmd("INFO")
            .arg("memory");
        for command in greeting {
            questions.add_command(command.clone());
        }
        // A server that refuses the greeting is asked all the same: look-ups need none.
        let answers = connection
            .send_packed_commands(&questions, 0, questions.len())
            .await?;
        if !answers.get(1).is_some_and(|answer| source.is_meant(answer)) {
            return Err(another_server());
        }
        let in_cluster = answers.first().is_some_and(is_in_cluster);
        Ok(Connected {
            connection,
            closed,
            in_cluster,
            free_policy: answers.get(2).and_then(free_policy),
        })
    })
    .await
    .unwrap_or_else(|_elapsed| Err(no_answer()))
}

/// Reads the answer to `HELLO`.
fn is_in_cluster(answer: &Value) -> bool {
    let is_text = |value: &Value, text: &str| match value {
        Value::BulkString(bytes) => bytes == text.as_bytes(),
        Value::SimpleString(string) => string == text,
        _ => false,
    };
    match answer {
        Value::Map(facts) => facts
            .iter()
            .any(|(name, value)| is_text(name, "mode") && is_text(value, "cluster")),
        _ => false,
    }
}

/// Opens a connection that the current runtime drives. It has no deadlines of its own: each request brings one.
pub(super) async fn open(
    client: &Client,
    closed: Arc<Notify>,
) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_push_sender(move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                closed.notify_one();
            }
            Ok::<(), redis::aio::SendError>(())
        });
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}
