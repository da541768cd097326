//! The background thread's own connection to one endpoint: made, watched, and made again.

#[cfg(test)]
mod tests;

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU8, Ordering},
};

use redis::{Cmd, ErrorKind, RedisError, aio::MultiplexedConnection};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use tokio_util::sync::CancellationToken;

use super::{
    connect::{Connected, Opens, another_server, connect, no_answer},
    source::Source,
};
use crate::{
    limits::{PING, RECONNECT_FIRST, RECONNECT_LONGEST, WATCH},
    process::backoff::Backoff,
    telemetry,
};

/// The connection, for callers that wait for it.
#[derive(Clone, Debug)]
enum ConnectionState {
    /// The first attempt is under way.
    Connecting,
    Up(MultiplexedConnection),
    Down,
}

/// The state of the connection, for callers that don't wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Connectivity {
    Connecting = 0,
    Up = 1,
    Down = 2,
}

/// A change that the supervisor reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Up {
        /// Whether the server is a node of a cluster.
        in_cluster: bool,
    },
    Down,
    /// The connection was tried, and the server answered.
    Tried,
    /// An attempt to connect has failed.
    Unreachable,
}

/// Keeps the background thread's connection up, and tells callers its state.
#[derive(Debug)]
pub(super) struct ConnectionSupervisor {
    state: watch::Sender<ConnectionState>,
    connectivity: AtomicU8,
    ping_requested: Notify,
    /// Why the last attempt failed, or the last connection ended; `None` while the connection is up.
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

    /// Why there is no connection; `None` while it is up, and before the first attempt has ended.
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

    /// The connection, if it is up. Waits for the end of the first attempt to connect.
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

    /// Has the connection tried with a `PING`, because a request got no answer.
    pub(super) fn request_ping(&self) {
        self.ping_requested.notify_one();
    }

    /// Keeps the connection up until `retired` is cancelled. Sends `greeting` on each new connection; calls `tell` on changes.
    pub(super) async fn keep(
        &self,
        opens: &impl Opens,
        source: &Source,
        address: &str,
        greeting: &[Cmd],
        retired: &CancellationToken,
        tell: impl Fn(Change),
    ) {
        let keeping = self.keep_up(opens, source, address, greeting, &tell);
        if retired.run_until_cancelled(keeping).await.is_none() {
            self.publish(ConnectionState::Down, Connectivity::Down);
            tell(Change::Down);
        }
    }

    async fn keep_up(
        &self,
        opens: &impl Opens,
        source: &Source,
        address: &str,
        greeting: &[Cmd],
        tell: &impl Fn(Change),
    ) {
        let mut backoff = Backoff::new(RECONNECT_FIRST, RECONNECT_LONGEST);
        let mut was_up = None;
        let mut has_warned = false;
        loop {
            match connect(opens, source, greeting).await {
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
                    // An earlier failure does not explain a later one.
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

/// Tries the connection every [`WATCH`] and whenever a `PING` is requested, and calls `tell` each time that it works. Returns why
/// the connection ended: it was closed, no answer came within [`PING`], or another server answered.
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
