//! The server that has one slot now.

use std::{sync::Arc, time::Duration};

use redis::{Cmd, Pipeline, RedisError, Value};

use super::{
    Deployment, Endpoint, News, Redirect, Redis,
    breaker::Availability,
    budget::{Allowance, Budget},
    lookup::Answered,
    question::Question,
};
use crate::{
    outcome::{Failure, Lookup},
    process::swap::Swap,
};

/// The server of one hash tag's keys. On a single server it never changes.
#[derive(Debug)]
pub(crate) struct SlotRoute {
    pub(super) slot: u16,
    pub(super) endpoint: Swap<Endpoint>,
    deployment: Arc<Deployment>,
}

impl SlotRoute {
    pub(super) fn new(slot: u16, endpoint: Arc<Endpoint>, deployment: Arc<Deployment>) -> Self {
        Self {
            slot,
            endpoint: Swap::new(endpoint),
            deployment,
        }
    }

    async fn lookup_elsewhere(
        &self,
        key: &str,
        news: Option<&News>,
        budget: Budget,
        redirect: Redirect,
    ) -> Lookup {
        let answered = match self.endpoint_at(&redirect) {
            Some(endpoint) if redirect.once => {
                let question = Question::asking(key);
                endpoint.relay().lookup(question, budget.deadline).await
            }
            Some(endpoint) => endpoint.lookup(key, news, budget).await,
            None => Err(redirect),
        };
        once_redirected(answered)
    }

    /// The server that a redirect names. After `MOVED` it is the slot's server from now on, after `ASK` only for this request.
    fn endpoint_at(&self, redirect: &Redirect) -> Option<Arc<Endpoint>> {
        let from = self.endpoint.load();
        let endpoint = self.deployment.node(redirect, &from)?;
        if !redirect.once {
            self.endpoint.store(Arc::clone(&endpoint));
            self.deployment.look_again();
        }
        Some(endpoint)
    }
}

impl Redis for SlotRoute {
    fn availability(&self) -> Availability {
        self.endpoint.load().availability()
    }

    fn lookup_blocking(&self, key: &str, news: Option<&News>, allowance: Allowance) -> Lookup {
        let budget = Budget::begin(allowance);
        let endpoint = self.endpoint.load();
        let redirect = match endpoint.lookup_blocking(key, news, budget) {
            Ok(lookup) => return lookup,
            Err(redirect) => redirect,
        };
        let answered = match self.endpoint_at(&redirect) {
            Some(endpoint) if redirect.once => endpoint
                .relay()
                .lookup_blocking(Question::asking(key), budget.deadline),
            Some(endpoint) => endpoint.lookup_blocking(key, news, budget),
            None => Err(redirect),
        };
        once_redirected(answered)
    }

    async fn lookup(&self, key: &str, news: Option<&News>, allowance: Allowance) -> Lookup {
        let budget = Budget::begin(allowance);
        match self.endpoint.load().lookup(key, news, budget).await {
            Ok(lookup) => lookup,
            // Boxed: redirects are rare, and should not add to the size of every look-up's future.
            Err(redirect) => Box::pin(self.lookup_elsewhere(key, news, budget, redirect)).await,
        }
    }

    async fn command(&self, command: &Cmd, budget: Duration) -> Option<Result<Value, RedisError>> {
        self.endpoint.load().relay().command(command, budget).await
    }

    async fn exchange(&self, commands: &Pipeline) -> Option<Result<Vec<Value>, RedisError>> {
        let mut connection = self.endpoint.load().connection().await?;
        let answers = connection.send_packed_commands(commands, 0, commands.len());
        Some(answers.await)
    }

    async fn is_up(&self) -> bool {
        self.endpoint.load().connection().await.is_some()
    }

    fn follow(&self, redirect: &Redirect) {
        drop(self.endpoint_at(redirect));
    }

    fn request_ping(&self) {
        self.endpoint.load().request_ping();
        self.deployment.look_again();
    }

    fn discard_connections(&self) {
        self.endpoint.load().discard_connections();
    }

    fn reason(&self) -> Option<RedisError> {
        self.endpoint.load().reason()
    }

    fn address(&self) -> String {
        self.endpoint.load().address().to_owned()
    }
}

/// A look-up follows one redirect; where it is redirected again, it counts as refused.
fn once_redirected(answered: Answered) -> Lookup {
    answered.unwrap_or(Lookup::Failed(Failure::Refused))
}
