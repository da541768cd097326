//! Opens the background thread's connection, and sends the greeting on it.

use std::sync::Arc;

use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, PushInfo, PushKind, RedisError, Value,
    aio::MultiplexedConnection,
};
use tokio::{sync::Notify, time::timeout};

use super::{eviction::free_policy, plain::explained, source::Source};
use crate::limits::CONNECT;

/// Opens connections: sockets, or in unit tests pipes.
pub(super) trait Opens: Sync {
    /// Opens a connection that the current runtime drives; `closed` is notified when it ends.
    fn open(
        &self,
        place: &Client,
        closed: Arc<Notify>,
    ) -> impl Future<Output = Result<MultiplexedConnection, RedisError>> + Send;
}

/// The system's sockets.
pub(super) struct Sockets;

impl Opens for Sockets {
    async fn open(
        &self,
        place: &Client,
        closed: Arc<Notify>,
    ) -> Result<MultiplexedConnection, RedisError> {
        open(place, closed).await
    }
}

pub(super) struct Connected {
    pub(super) connection: MultiplexedConnection,
    /// Notified when the connection ends.
    pub(super) closed: Arc<Notify>,
    pub(super) in_cluster: bool,
    /// The server's `maxmemory-policy`, if it may evict the LRU order of a cache.
    pub(super) free_policy: Option<String>,
}

pub(super) fn another_server() -> RedisError {
    RedisError::from((
        ErrorKind::Io,
        "the server does not answer as the one that was meant",
    ))
}

pub(super) fn no_answer() -> RedisError {
    std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer within a second").into()
}

/// Connects to the first address at which the meant server answers.
pub(super) async fn connect(
    opens: &impl Opens,
    source: &Source,
    greeting: &[Cmd],
) -> Result<Connected, RedisError> {
    let mut last_error = None;
    for place in source.find().await? {
        match connect_to(opens, &place, source, greeting).await {
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
    opens: &impl Opens,
    place: &Client,
    source: &Source,
    greeting: &[Cmd],
) -> Result<Connected, RedisError> {
    timeout(CONNECT, async {
        let closed = Arc::new(Notify::new());
        let mut connection = opens.open(place, Arc::clone(&closed)).await?;
        let mut questions = redis::Pipeline::new();
        questions
            .cmd("HELLO")
            .add_command(source.question())
            .cmd("INFO")
            .arg("memory");
        for command in greeting {
            questions.add_command(command.clone());
        }
        // The answers to the greeting are not checked: look-ups work without it.
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

/// Opens a connection that the current runtime drives. It has no deadlines: each request brings its own.
pub(super) async fn open(
    client: &Client,
    closed: Arc<Notify>,
) -> Result<MultiplexedConnection, RedisError> {
    client
        .get_multiplexed_async_connection_with_config(&config(closed))
        .await
}

/// The client library's settings of a connection. `closed` is notified when it ends.
pub(super) fn config(closed: Arc<Notify>) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_push_sender(move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                closed.notify_one();
            }
            Ok::<(), redis::aio::SendError>(())
        })
}
