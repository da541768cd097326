//! Tells Redis what the outboxes of an endpoint hold.

use std::{
    future::pending,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use redis::{Pipeline, ServerErrorKind, Value};
use tokio::time::{sleep_until, timeout};

use super::{
    Scripts,
    outbox::Job,
    whole::{clear, unavailable},
};
use crate::{cache::Cache, io::Endpoint, stats::Event};

/// How many jobs go out together: one system call for all, and one round trip.
const BATCH: usize = 64;

/// A batch takes no more jobs once it holds so many bytes.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// The most that a batch may take; nobody's call waits for it.
const BUDGET: Duration = Duration::from_secs(2);

/// A job and whose it is.
struct Item {
    cache: Arc<Cache>,
    job: Job,
}

/// Runs for as long as the process lives.
pub(crate) async fn write(endpoint: Arc<Endpoint>) {
    loop {
        let due = endpoint
            .caches()
            .iter()
            .filter_map(|cache| cache.outbox().due())
            .min();
        let touches_due = async {
            match due {
                Some(due) => sleep_until(due.into()).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = endpoint.announced() => {}
            () = touches_due => {}
        }
        loop {
            let batch = collect(&endpoint);
            if batch.is_empty() {
                break;
            }
            run(&endpoint, batch).await;
        }
    }
}

/// Takes the next jobs. One that is no command of its own (a clear, a flush) ends the batch.
fn collect(endpoint: &Endpoint) -> Vec<Item> {
    let now = Instant::now();
    let mut batch = Vec::new();
    let mut bytes = 0;
    for cache in endpoint.caches() {
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Some(job) = cache.outbox().pop(now) else {
                break;
            };
            if let Job::Store { envelope, .. } = &job {
                bytes += envelope.len();
            }
            let ends = matches!(job, Job::Clear { .. } | Job::Flush { .. });
            batch.push(Item {
                cache: Arc::clone(&cache),
                job,
            });
            if ends {
                return batch;
            }
        }
    }
    batch
}

async fn run(endpoint: &Endpoint, mut batch: Vec<Item>) {
    let last = match batch.last().map(|item| &item.job) {
        Some(Job::Clear { .. } | Job::Flush { .. }) => batch.pop(),
        _ => None,
    };
    if !batch.is_empty() {
        send(endpoint, batch).await;
    }
    match last {
        Some(Item {
            job: Job::Flush { done },
            ..
        }) => {
            let up = endpoint.connection().await.is_some();
            done.tell(up.then_some(()).ok_or_else(|| unavailable(endpoint)));
        }
        Some(Item {
            job: Job::Clear { done },
            cache,
        }) => {
            done.tell(clear(endpoint, &cache).await);
        }
        _ => {}
    }
}

/// Sends commands in one go, and once more those whose script the server did not know.
async fn send(endpoint: &Endpoint, batch: Vec<Item>) {
    let Some(answers) = exchange(endpoint, &batch, false).await else {
        for item in batch {
            fail(&item);
        }
        return;
    };
    let mut unknown = Vec::new();
    for (item, answer) in batch.into_iter().zip(answers) {
        match answer {
            Value::ServerError(error) if error.kind() == Some(ServerErrorKind::NoScript) => {
                unknown.push(item);
            }
            answer => settle(&item, &answer),
        }
    }
    if unknown.is_empty() {
        return;
    }
    match exchange(endpoint, &unknown, true).await {
        Some(answers) => {
            for (item, answer) in unknown.iter().zip(answers) {
                settle(item, &answer);
            }
        }
        None => unknown.iter().for_each(fail),
    }
}

/// One round trip. `load` makes the scripts known first.
async fn exchange(endpoint: &Endpoint, items: &[Item], load: bool) -> Option<Vec<Value>> {
    let mut pipeline = if load {
        Scripts::get().load()
    } else {
        Pipeline::new()
    };
    let skip = pipeline.len();
    for item in items {
        pipeline.add_command(command(item)?);
    }
    let exchanged = timeout(BUDGET, async {
        let mut connection = endpoint.connection().await?;
        Some(
            connection
                .send_packed_commands(&pipeline, 0, pipeline.len())
                .await,
        )
    });
    match exchanged.await {
        Ok(Some(Ok(mut answers))) => {
            (answers.len() == pipeline.len()).then(|| answers.split_off(skip))
        }
        Ok(None) => None,
        Ok(Some(Err(_))) | Err(_) => {
            endpoint.doubt();
            None
        }
    }
}

/// The command of a job; `None` for those that are none.
fn command(item: &Item) -> Option<redis::Cmd> {
    let scripts = Scripts::get();
    let (names, maxsize) = (item.cache.names(), item.cache.maxsize());
    match &item.job {
        Job::Store {
            touches,
            digest,
            envelope,
            ..
        } => Some(scripts.store(names, maxsize, touches, digest, envelope, item.cache.ttl())),
        Job::Touch { touches } => Some(scripts.touch(names, maxsize, touches)),
        Job::Heal { digest, found } => {
            Some(scripts.heal(names, digest, found.as_ref().map(Bytes::as_ref)))
        }
        Job::Clear { .. } | Job::Flush { .. } => None,
    }
}

/// Counts what became of a job that was answered.
fn settle(item: &Item, answer: &Value) {
    match (&item.job, answer) {
        (Job::Store { digest, ticket, .. }, Value::Int(evicted)) => {
            item.cache
                .stored(digest, *ticket, u64::try_from(*evicted).unwrap_or(0));
        }
        (_, Value::ServerError(error)) => {
            tracing::debug!(
                cache = item.cache.name(),
                code = error.code(),
                "Redis refused a write"
            );
            fail(item);
        }
        (Job::Store { .. }, _) => fail(item),
        _ => {}
    }
}

/// Counts a job that did not reach Redis.
fn fail(item: &Item) {
    if let Job::Store { digest, ticket, .. } = &item.job {
        item.cache.stats().count(Event::StoreFailed);
        item.cache.settle(digest, *ticket);
    }
}
