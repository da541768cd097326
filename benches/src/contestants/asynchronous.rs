//! A handler that async tasks call.

use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::Bytes;
use tokio::task::JoinSet;

use super::load::{Driven, Load, Turns};
use crate::work::{Answer, Reply};

/// A future that is being waited for.
pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A handler behind a cache.
pub(crate) trait AsyncHandler: Send + Sync + 'static {
    fn call(&self, answer: Answer, input: &Bytes) -> impl Future<Output = Result<Reply>> + Send;

    /// Waits until what was computed is in Redis.
    fn settle(&self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
}

/// The same for all handlers. Nothing is boxed inside what is timed.
pub(crate) trait AsyncEntrant: Send + Sync {
    fn call<'a>(&'a self, answer: Answer, input: &'a Bytes) -> Pending<'a, Result<Reply>>;

    /// The time that one call takes.
    fn time<'a>(&'a self, answer: Answer, input: &'a Bytes) -> Pending<'a, Result<Duration>>;

    /// Calls from several tasks at once.
    fn drive(self: Arc<Self>, load: Load) -> Pending<'static, Result<Driven>>;

    fn settle(&self) -> Pending<'_, Result<()>>;
}

impl<H: AsyncHandler> AsyncEntrant for H {
    fn call<'a>(&'a self, answer: Answer, input: &'a Bytes) -> Pending<'a, Result<Reply>> {
        Box::pin(AsyncHandler::call(self, answer, input))
    }

    fn time<'a>(&'a self, answer: Answer, input: &'a Bytes) -> Pending<'a, Result<Duration>> {
        Box::pin(async move {
            let start = Instant::now();
            let reply = AsyncHandler::call(self, answer, input).await?;
            let time = start.elapsed();
            black_box(reply);
            Ok(time)
        })
    }

    fn drive(self: Arc<Self>, load: Load) -> Pending<'static, Result<Driven>> {
        Box::pin(async move {
            let start = Instant::now();
            let mut tasks = JoinSet::new();
            for caller in 0..load.callers {
                tasks.spawn(take_turns(Arc::clone(&self), load.clone(), caller));
            }
            let mut calls = 0;
            while let Some(taken) = tasks.join_next().await {
                calls += taken??;
            }
            Ok(Driven {
                calls,
                time: start.elapsed(),
            })
        })
    }

    fn settle(&self) -> Pending<'_, Result<()>> {
        Box::pin(AsyncHandler::settle(self))
    }
}

async fn take_turns<H: AsyncHandler>(handler: Arc<H>, load: Load, caller: usize) -> Result<u64> {
    let mut turns = Turns::new(&load, caller);
    for input in turns.by_ref() {
        black_box(AsyncHandler::call(&*handler, load.answer, input).await?);
    }
    Ok(turns.taken)
}
