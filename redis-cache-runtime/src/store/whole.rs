//! What goes through all entries of a cache: in steps that each take Redis about a millisecond.

use std::time::Duration;

use redis::{Cmd, FromRedisValue, RedisError, ServerErrorKind, Value};

use super::{Scripts, script::CHUNK};
use crate::{
    cache::Cache,
    error::{Error, ErrorKind},
    io::Endpoint,
};

/// The most that one step may take.
const BUDGET: Duration = Duration::from_secs(2);

/// Deletes all entries that were used before now.
pub(super) async fn clear(endpoint: &Endpoint, cache: &Cache) -> Result<(), Error> {
    let mut moment = String::new();
    loop {
        let step = Scripts::get().clear(cache.names(), &moment);
        let (until, deleted): (String, u32) = run(endpoint, &step).await?;
        if deleted == 0 {
            return Ok(());
        }
        moment = until;
    }
}

/// Counts the entries.
pub(crate) async fn entries(endpoint: &Endpoint, cache: &Cache) -> Result<u64, Error> {
    let mut live = 0;
    loop {
        let step = Scripts::get().count(cache.names(), live);
        let (seen, gone): (u64, u64) = run(endpoint, &step).await?;
        live += seen.saturating_sub(gone);
        if seen < CHUNK {
            return Ok(live);
        }
    }
}

/// Runs one step; loads the scripts first where the server does not know them.
async fn run<T: FromRedisValue>(endpoint: &Endpoint, step: &Cmd) -> Result<T, Error> {
    let mut answer = ask(endpoint, step).await?;
    if is_unknown_script(&answer) {
        for load in Scripts::get().load().cmd_iter() {
            ask(endpoint, load).await?;
        }
        answer = ask(endpoint, step).await?;
    }
    T::from_redis_value(answer).map_err(|error| refused(endpoint, error.into()))
}

fn is_unknown_script(answer: &Value) -> bool {
    matches!(answer, Value::ServerError(error) if error.kind() == Some(ServerErrorKind::NoScript))
}

async fn ask(endpoint: &Endpoint, command: &Cmd) -> Result<Value, Error> {
    let answer = endpoint.command(command, BUDGET).await;
    answer
        .ok_or_else(|| unavailable(endpoint))?
        .map_err(|error| refused(endpoint, error))
}

pub(super) fn unavailable(endpoint: &Endpoint) -> Error {
    let address = endpoint.address();
    match endpoint.reason() {
        Some(reason) => {
            let message = format!("no connection to {address}: {reason}");
            Error::new(ErrorKind::Unavailable, message).with_source(reason)
        }
        None => Error::new(
            ErrorKind::Unavailable,
            format!("no connection to {address}"),
        ),
    }
}

fn refused(endpoint: &Endpoint, error: RedisError) -> Error {
    let kind = if error.is_timeout() {
        ErrorKind::TimedOut
    } else {
        ErrorKind::Redis
    };
    Error::new(
        kind,
        format!("{} did not do as it was asked", endpoint.address()),
    )
    .with_source(error)
}
