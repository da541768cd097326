//! Clears and invalidations, in an order of steps after which no later call gets a deleted value.
//!
//! First this process' flights and queued values are marked, so that no later call gets them. Then the deletion is queued behind
//! earlier writes. When Redis has answered it, the look-ups that are under way are superseded: later calls do not follow them.

use std::sync::Arc;

use tokio::sync::Notify;

use super::{Cache, verifier};
use crate::{
    conn::IoThread,
    key::{Arguments, Digest},
    outcome::{Error, ErrorKind},
    process::oneshot,
    remote::{Done, Shard},
    telemetry::{Event, metrics::Invalidation},
};

/// Receives the number of entries that a shard has deleted.
pub(crate) type Told = oneshot::Receiver<Result<u64, Error>>;

/// Clears all shards. `progress` is notified of each step.
pub(crate) fn clear(cache: &Arc<Cache>, progress: &Arc<Notify>) -> Vec<Told> {
    cache.metrics().count_invalidation(Invalidation::Clear);
    let clears = cache.shards().iter().map(|shard| {
        let told = Arc::clone(cache);
        let supersede = move || told.flights().supersede(None);
        ask(shard, supersede, |done| {
            let dropped = shard.queue().push_clear(Arc::clone(progress), done) as u64;
            cache.flights().forget_queued();
            cache.metrics().unqueued(dropped);
            cache.counters().count_many(Event::Overtaken, dropped);
        })
    });
    clears.collect()
}

/// Deletes the entry of one call, in every instantiation of the handler that this process has called.
///
/// # Errors
///
/// Where the arguments are not those of a call.
pub(crate) fn invalidate(cache: &Arc<Cache>, arguments: &Arguments) -> Result<Vec<Told>, Error> {
    let digests = digests(cache, arguments)?;
    verifier::hurry();
    cache.metrics().count_invalidation(Invalidation::Key);
    let deletions = digests.into_iter().map(|digest| delete(cache, digest));
    Ok(deletions.collect())
}

/// Deletes one entry.
pub(super) fn delete(cache: &Arc<Cache>, digest: Digest) -> Told {
    let shard = cache.shard(&digest);
    cache.flights().invalidate(&digest);
    let told = Arc::clone(cache);
    let supersede = move || told.flights().supersede(Some(&digest));
    ask(shard, supersede, |done| {
        shard.queue().push_invalidate(digest, done);
    })
}

/// Flushes the queues of all shards.
pub(crate) fn flush(cache: &Cache) -> Vec<Told> {
    verifier::hurry();
    let flushes = cache.shards().iter().map(|shard| flush_shard(shard));
    flushes.collect()
}

/// Waits until the shard's queued values have reached Redis, or can't.
pub(crate) async fn settled(shard: &Shard) -> Result<u64, Error> {
    verifier::hurry();
    if shard.queue().has_unsettled() {
        told(flush_shard(shard)).await
    } else {
        Ok(0)
    }
}

/// Waits for all; returns their sum, or the first error.
pub(crate) async fn sum(all: Vec<Told>) -> Result<u64, Error> {
    let mut sum = Ok(0);
    for one in all {
        let result = told(one).await;
        sum = sum.and_then(|sum| Ok(sum + result?));
    }
    sum
}

fn flush_shard(shard: &Shard) -> Told {
    ask(shard, || {}, |done| shard.queue().push_flush(done))
}

/// Queues one job. `ended` is called before the result is sent.
fn ask(
    shard: &Shard,
    ended: impl FnOnce() + Send + Sync + 'static,
    push: impl FnOnce(Done),
) -> Told {
    let (sender, told) = oneshot::channel();
    if IoThread::running().is_none() {
        // Without the background thread nothing empties the queue, and the caller would wait for ever.
        drop(sender.send(Err(no_thread())));
        return told;
    }
    push(Done::new(|result| {
        ended();
        drop(sender.send(result));
    }));
    shard.hurry();
    told
}

pub(crate) fn no_thread() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the cache's I/O thread can't be started",
    )
}

async fn told(one: Told) -> Result<u64, Error> {
    let lost = |_| {
        let message = "the cache's I/O thread has ended";
        Err(Error::new(ErrorKind::Unavailable, message))
    };
    one.await.unwrap_or_else(lost)
}

fn digests(cache: &Cache, arguments: &Arguments) -> Result<Vec<Digest>, Error> {
    let mut digests = Vec::new();
    let mut unfit = None;
    for domain in &cache.domains() {
        if let Err(error) = arguments.check(domain) {
            unfit = Some(error);
            continue;
        }
        let digest = arguments.digest(domain).map_err(|error| {
            let message = "an argument can't be written into the key";
            Error::new(ErrorKind::InvalidArguments, message).with_source(error)
        });
        digests.push(digest?);
    }
    match unfit {
        Some(error) if digests.is_empty() => Err(error),
        _ => Ok(digests),
    }
}
