//! The trait through which the rooms above ask Redis.

use std::time::Duration;

use redis::{Cmd, Pipeline, RedisError, Value};

use super::{Allowance, News, Redirect, breaker::Availability};
use crate::outcome::Lookup;

/// The server that has a shard's slot now. Unit tests may put a fake in its place.
pub(crate) trait Redis {
    /// Whether the server is worth asking.
    fn availability(&self) -> Availability;

    /// Looks `key` up, blocking the thread for as long as is allowed at most. `news` is sent before the `GET`.
    fn lookup_blocking(&self, key: &str, news: Option<&News>, allowance: Allowance) -> Lookup;

    /// Looks `key` up, taking no longer than is allowed. `news` is sent before the `GET`.
    fn lookup(
        &self,
        key: &str,
        news: Option<&News>,
        allowance: Allowance,
    ) -> impl Future<Output = Lookup> + Send;

    /// Sends a command that no call waits for; `None` where there is no connection.
    fn command(
        &self,
        command: &Cmd,
        budget: Duration,
    ) -> impl Future<Output = Option<Result<Value, RedisError>>> + Send;

    /// Sends commands in one pipeline, without a deadline of its own; `None` where there is no connection.
    fn exchange(
        &self,
        commands: &Pipeline,
    ) -> impl Future<Output = Option<Result<Vec<Value>, RedisError>>> + Send;

    /// Whether there is a connection. Waits for the end of the first attempt to connect.
    fn is_up(&self) -> impl Future<Output = bool> + Send;

    /// Goes to the server that a redirect names.
    fn follow(&self, redirect: &Redirect);

    /// Has connection and slot map checked, because a request got no answer, or one that the slot's server would not give.
    fn request_ping(&self);

    /// Gives connections up, because a reply did not belong to its request.
    fn discard_connections(&self);

    /// Why there is no connection; `None` while it is up, and before the first attempt has ended.
    fn reason(&self) -> Option<RedisError>;

    /// Where the server is, without credentials.
    fn address(&self) -> String;
}

/// A shard's way to Redis. Outside of unit tests nothing stands between them: a look-up's future is not boxed, and no larger.
#[cfg(not(test))]
pub(crate) type Route = std::sync::Arc<super::SlotRoute>;

#[cfg(test)]
pub(crate) use super::fake::Route;
