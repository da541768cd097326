//! The server that has one slot now.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use redis::{Cmd, RedisError, Value, aio::MultiplexedConnection};

use super::{
    Deployment, Endpoint, Failure, Lookup, Redirect, endpoint::Question, lookup::Answered,
};

/// Where the keys of one hash tag live. On a single server that never changes.
#[derive(Debug)]
pub(crate) struct Home {
    pub(super) slot: u16,
    pub(super) endpoint: ArcSwap<Endpoint>,
    deployment: Arc<Deployment>,
}

impl Home {
    pub(super) fn new(slot: u16, endpoint: Arc<Endpoint>, deployment: Arc<Deployment>) -> Self {
        Self {
            slot,
            endpoint: ArcSwap::new(endpoint),
            deployment,
        }
    }

    /// Whether the server is known to be away.
    pub(crate) fn is_down(&self) -> bool {
        self.endpoint.load().is_down()
    }

    /// Why there is no connection, where one was tried.
    pub(crate) fn reason(&self) -> Option<RedisError> {
        self.endpoint.load().reason()
    }

    /// Where the server is, without credentials.
    pub(crate) fn address(&self) -> String {
        self.endpoint.load().address().to_owned()
    }

    /// Says that a request got no answer, or one that a server which is meant to have the slot does not give.
    pub(crate) fn doubt(&self) {
        self.endpoint.load().doubt();
        self.deployment.look_again();
    }

    /// The background thread's connection, once it is known whether there is one.
    pub(crate) async fn connection(&self) -> Option<MultiplexedConnection> {
        self.endpoint.load_full().connection().await
    }

    /// Sends a command that nobody's call waits for; `None` where there is no connection.
    pub(crate) async fn command(
        &self,
        command: &Cmd,
        budget: Duration,
    ) -> Option<Result<Value, RedisError>> {
        self.endpoint.load_full().command(command, budget).await
    }

    /// Looks `key` up, blocking the thread for at most `budget`.
    pub(crate) fn lookup_blocking(&self, key: &str, budget: Duration) -> Lookup {
        let deadline = Instant::now() + budget;
        let redirect = match self.endpoint.load_full().lookup_blocking(key, deadline) {
            Ok(lookup) => return lookup,
            Err(redirect) => redirect,
        };
        let answered = match self.follow(&redirect) {
            Some(endpoint) if redirect.once => {
                endpoint.lookup_on_thread_blocking(Question::asking(key), deadline)
            }
            Some(endpoint) => endpoint.lookup_blocking(key, deadline),
            None => Err(redirect),
        };
        once_redirected(answered)
    }

    /// Looks `key` up, taking at most `budget`.
    pub(crate) async fn lookup(&self, key: &str, budget: Duration) -> Lookup {
        let deadline = Instant::now() + budget;
        let redirect = match self.endpoint.load_full().lookup(key, deadline).await {
            Ok(lookup) => return lookup,
            Err(redirect) => redirect,
        };
        let answered = match self.follow(&redirect) {
            Some(endpoint) if redirect.once => {
                let question = Question::asking(key);
                endpoint.lookup_on_thread(question, deadline).await
            }
            Some(endpoint) => endpoint.lookup(key, deadline).await,
            None => Err(redirect),
        };
        once_redirected(answered)
    }

    /// The server that a redirect names; it is the slot's new home unless it is asked only once.
    pub(crate) fn follow(&self, redirect: &Redirect) -> Option<Arc<Endpoint>> {
        let from = self.endpoint.load_full();
        let endpoint = self.deployment.node(redirect, &from)?;
        if !redirect.once {
            self.endpoint.store(Arc::clone(&endpoint));
            self.deployment.look_again();
        }
        Some(endpoint)
    }
}

/// One redirect is followed within a look-up's budget; who is sent on again comes back later.
fn once_redirected(answered: Answered) -> Lookup {
    answered.unwrap_or(Lookup::Failed(Failure::Refused))
}
