//! Nothing but the round trips: the key is known, the bytes are not looked at.

use std::cell::RefCell;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Value};

use super::{AsyncHandler, BlockingHandler};
use crate::work::{Answer, Reply};
use crate::{input, server};

/// One multiplexed connection without deadlines, driven by the callers' runtime.
pub(super) async fn multiplexed(url: &str) -> Result<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    let client = redis::Client::open(url)?;
    Ok(client
        .get_multiplexed_async_connection_with_config(&config)
        .await?)
}

thread_local! {
    static CONNECTION: RefCell<Option<redis::Connection>> = const { RefCell::new(None) };
}

/// Runs `ask` on this thread's own connection.
pub(super) fn on_own_connection<T>(
    ask: impl FnOnce(&mut redis::Connection) -> redis::RedisResult<T>,
) -> Result<T> {
    CONNECTION.with_borrow_mut(|connection| {
        if connection.is_none() {
            *connection = Some(server::get().connection()?);
        }
        let connection = connection.as_mut().context("it has just been opened")?;
        Ok(ask(connection)?)
    })
}

fn get(input: &Bytes) -> Cmd {
    let mut command = redis::cmd("GET");
    command.arg(input::name(input));
    command
}

fn set(input: &Bytes, value: &[u8]) -> Cmd {
    let mut command = redis::cmd("SET");
    command.arg(input::name(input)).arg(value);
    command
}

/// From async tasks.
pub(super) struct Raw {
    connection: MultiplexedConnection,
}

impl Raw {
    pub(super) async fn connect() -> Result<Self> {
        let connection = multiplexed(server::url()).await?;
        Ok(Self { connection })
    }
}

impl AsyncHandler for Raw {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        let mut connection = self.connection.clone();
        let found = get(input).query_async(&mut connection).await?;
        if let Value::BulkString(found) = found {
            return Ok(Reply::Raw(found.len()));
        }
        let value = Reply::compute(answer, input).encode()?;
        set(input, &value).exec_async(&mut connection).await?;
        Ok(Reply::Raw(value.len()))
    }
}

/// From threads, each with a connection of its own.
#[derive(Debug)]
pub(super) struct PerThread;

impl BlockingHandler for PerThread {
    fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        let found = on_own_connection(|connection| get(input).query(connection))?;
        if let Value::BulkString(found) = found {
            return Ok(Reply::Raw(found.len()));
        }
        let value = Reply::compute(answer, input).encode()?;
        on_own_connection(|connection| set(input, &value).exec(connection))?;
        Ok(Reply::Raw(value.len()))
    }
}
