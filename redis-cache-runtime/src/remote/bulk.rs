//! Clearing and counting a shard's entries, in steps that each take Redis about a millisecond.

use redis::{Cmd, FromRedisValue, RedisError, Value};
use tokio::sync::Notify;

use super::{
    Scripts, Shard,
    epoch::{Clear, Generation},
    retry::Retry,
    scripts::CHUNK,
    write_disposition::WriteDisposition,
};
use crate::{
    conn::Redis as _,
    limits::WRITE_BUDGET,
    outcome::{Error, ErrorKind},
};

/// The result of a clear.
pub(super) struct Cleared {
    /// How many entries it deleted.
    pub(super) deleted: u64,
    /// The generation that Redis has since.
    pub(super) generation: Generation,
}

/// Deletes all entries that were last used before the first step. Notifies `progress` of each step.
pub(super) async fn clear(
    shard: &Shard,
    clear: &Clear,
    progress: &Notify,
) -> Result<Cleared, Error> {
    let mut moment = String::new();
    let mut total = 0;
    let mut left = None;
    loop {
        let step = Scripts::get().clear(shard.keyspace(), &moment, clear);
        let (until, deleted, held, generation): (String, u64, u64, Vec<u8>) =
            run(shard, &step).await?;
        progress.notify_one();
        total += deleted;
        moment = until;
        // Where another program has set the clock back, steps delete newly stored entries too: this bound ends them.
        let before: u64 = *left.get_or_insert(held + deleted);
        if deleted == 0 || before < deleted {
            return Ok(Cleared {
                deleted: total,
                generation: Generation::read(&generation),
            });
        }
        left = Some(before - deleted);
    }
}

/// Counts the entries that still have a value in Redis.
pub(crate) async fn entries(shard: &Shard) -> Result<u64, Error> {
    let (mut live, mut rank) = (0, 0);
    loop {
        let step = Scripts::get().count(shard.keyspace(), rank);
        let (seen, gone, forgotten): (u64, u64, u64) = run(shard, &step).await?;
        live += seen.saturating_sub(gone);
        // Expired entries keep their ranks where the server refuses to remove them, as a replica does.
        rank += seen.saturating_sub(forgotten);
        if seen < CHUNK {
            return Ok(live);
        }
    }
}

/// Runs one script. Loads the scripts where the server does not know them; follows redirects, and retries with a back-off
/// where the server is not ready.
pub(super) async fn run<T: FromRedisValue>(shard: &Shard, step: &Cmd) -> Result<T, Error> {
    let mut retry = Retry::new();
    let mut loaded = false;
    loop {
        let answer = ask(shard, step).await?;
        match WriteDisposition::of(&answer) {
            WriteDisposition::UnknownScript if !loaded => {
                loaded = true;
                for load in Scripts::get().load().cmd_iter() {
                    ask(shard, load).await?;
                }
            }
            WriteDisposition::Moved(redirect) if retry.next().await => {
                shard.route().follow(&redirect);
            }
            WriteDisposition::Later if retry.next().await => shard.route().request_ping(),
            _ => {
                // Reports Redis' error, and not an error of the conversion.
                let answer = answer
                    .extract_error()
                    .map_err(|error| refused(shard, error))?;
                return T::from_redis_value(answer).map_err(|error| refused(shard, error.into()));
            }
        }
    }
}

async fn ask(shard: &Shard, command: &Cmd) -> Result<Value, Error> {
    let answer = shard.route().command(command, WRITE_BUDGET).await;
    answer
        .ok_or_else(|| unavailable(shard))?
        .map_err(|error| refused(shard, error))
}

pub(super) fn unavailable(shard: &Shard) -> Error {
    let address = shard.route().address();
    match shard.route().reason() {
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

fn refused(shard: &Shard, error: RedisError) -> Error {
    let kind = if error.is_timeout() {
        ErrorKind::TimedOut
    } else {
        ErrorKind::Redis
    };
    // Redis' own code and text: the client library renames some codes.
    let said = match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    };
    let address = shard.route().address();
    let message = format!("{address} did not do as it was asked: {said}");
    Error::new(kind, message).with_source(error)
}
