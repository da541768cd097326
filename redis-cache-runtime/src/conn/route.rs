//! Where Redis begins: the one way by which the rooms above ask it.

use std::time::Duration;

use redis::{Cmd, Pipeline, RedisError, Value};

use super::{Allowance, News, Redirect, breaker::Availability};
use crate::outcome::Lookup;

/// The server that has one slot now, as the shard sees it whose keys lie there. In unit tests a fake may stand in its place.
pub(crate) trait Redis {
    /// Whether the server is worth asking.
    fn availability(&self) -> Availability;

    /// Looks `key` up, blocking the thread for as long as is allowed at most. `news` is asked before.
    fn lookup_blocking(&self, key: &str, news: Option<&News>, allowance: Allowance) -> Lookup;

    /// Looks `key` up, taking no longer than is allowed. `news` is asked before.
    fn lookup(
        &self,
        key: &str,
        news: Option<&News>,
        allowance: Allowance,
    ) -> impl Future<Output = Lookup> + Send;

    /// Sends a command that nobody's call waits for; `None` where there is no connection.
    fn command(
        &self,
        command: &Cmd,
        budget: Duration,
    ) -> impl Future<Output = Option<Result<Value, RedisError>>> + Send;

    /// Sends commands in one go, for as long as the caller waits; `None` where there is no connection.
    fn exchange(
        &self,
        commands: &Pipeline,
    ) -> impl Future<Output = Option<Result<Vec<Value>, RedisError>>> + Send;

    /// Whether there is a connection, once that is known.
    fn is_up(&self) -> impl Future<Output = bool> + Send;

    /// Goes to the server that a redirect names.
    fn follow(&self, redirect: &Redirect);

    /// Says that a request got no answer, or one that a server which is meant to have the slot does not give.
    fn request_ping(&self);

    /// Says that a reply was not one to what was asked.
    fn discard_connections(&self);

    /// Why there is no connection, where one was tried.
    fn reason(&self) -> Option<RedisError>;

    /// Where the server is, without credentials.
    fn address(&self) -> String;
}

/// What a shard has of it. Nothing stands between the two outside of unit tests: a look-up is not boxed, and no larger.
#[cfg(not(test))]
pub(crate) type Route = std::sync::Arc<super::SlotRoute>;

#[cfg(test)]
pub(crate) use super::fake::Route;
