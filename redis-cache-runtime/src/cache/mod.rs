//! One cache: its state in this process, and the steps of a call.

mod call;
mod compute_time;
pub(crate) mod invalidation;
mod reports;
mod run;
mod run_async;
mod session;
#[cfg(test)]
mod tests;
mod uncached;
mod unproved;
mod verifier;
mod work;

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::RedisError;

use self::{compute_time::ComputeTime, reports::LogOnce};
pub(crate) use self::{
    run_async::{CalledBy, call_async},
    uncached::{Uncached, UncachedCall},
};
use crate::{
    config::{MaxSize, Resolved},
    conn::{Allowance, Deployment},
    flight::Flights,
    key::{self, Digest, Domain},
    process::per_process::Process,
    remote::{self, Epoch, Keyspace, Losses, Place, Pushed, Shard, StoreEvents, flush_on_exit},
    telemetry::{Counters, metrics::CacheMetrics},
    value::envelope::{Contents, Seal},
};

/// One cache: its name, its settings, its shards, and its state in this process.
pub(crate) struct Cache {
    name: Arc<str>,
    /// The process that has opened it: a forked child opens its own.
    process: Process,
    maxsize: MaxSize,
    timeout: Duration,
    compute_time: ComputeTime,
    ttl: Option<Duration>,
    max_value_bytes: usize,
    seal: Seal,
    deployment: Arc<Deployment>,
    shards: Box<[Arc<Shard>]>,
    /// The instantiations of the handler that have been called.
    domains: Mutex<Vec<Domain>>,
    flights: Flights,
    counters: Counters,
    losses: Losses,
    /// The number of entries when they were counted last.
    counted: AtomicU64,
    logged: LogOnce,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Cache {
    pub(crate) fn new(config: &Resolved, deployment: Arc<Deployment>) -> Result<Self, RedisError> {
        let shards = remote::split(&config.name, config.maxsize, config.shards);
        let shard = |(tag, maxsize): (String, MaxSize)| {
            let route = deployment.route(&tag)?;
            Ok(Arc::new(Shard::new(Keyspace::new(&tag), maxsize, route)))
        };
        let shards: Result<_, RedisError> = shards.into_iter().map(shard).collect();
        Ok(Self::on(shards?, config, deployment))
    }

    fn on(shards: Box<[Arc<Shard>]>, config: &Resolved, deployment: Arc<Deployment>) -> Self {
        Self {
            name: config.name.as_str().into(),
            process: Process::current(),
            maxsize: config.maxsize,
            timeout: config.timeout,
            compute_time: ComputeTime::default(),
            ttl: config.ttl,
            max_value_bytes: config.max_value_bytes,
            seal: config.seal,
            shards,
            deployment,
            domains: Mutex::default(),
            flights: Flights::new(),
            counters: Counters::new(&config.name, config.maxsize),
            losses: Losses::default(),
            counted: AtomicU64::new(0),
            logged: LogOnce::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether this process has opened the cache. In a forked child nothing of the parent's cache may be touched that another
    /// thread could have locked.
    pub(crate) fn is_ours(&self) -> bool {
        self.process.is_current()
    }

    pub(crate) const fn maxsize(&self) -> MaxSize {
        self.maxsize
    }

    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) const fn ttl(&self) -> Option<Duration> {
        self.ttl
    }

    pub(crate) const fn max_value_bytes(&self) -> usize {
        self.max_value_bytes
    }

    /// The address of its Redis, without credentials.
    pub(crate) fn address(&self) -> &str {
        self.deployment.address()
    }

    pub(crate) const fn shards(&self) -> &[Arc<Shard>] {
        &self.shards
    }

    /// Makes the checks of envelopes.
    pub(crate) const fn seal(&self) -> &Seal {
        &self.seal
    }

    /// The shard of one entry.
    pub(crate) fn shard(&self, digest: &Digest) -> &Arc<Shard> {
        match &*self.shards {
            [only] => only,
            shards => {
                let mut spread = [0; 4];
                spread.copy_from_slice(&digest[key::SHARD]);
                let spread = u32::from_le_bytes(spread);
                &shards[spread as usize % shards.len()]
            }
        }
    }

    /// Adds an instantiation of the handler.
    pub(crate) fn add(&self, domain: Domain) {
        let domains = self.domains.lock();
        let mut domains = domains.unwrap_or_else(PoisonError::into_inner);
        // Several threads may have made the first call.
        if !domains.iter().any(|known| known.seed == domain.seed) {
            domains.push(domain);
        }
    }

    /// The instantiations that have been called. A copy, because the caller may run user code for each, outside of the lock.
    pub(crate) fn domains(&self) -> Vec<Domain> {
        let domains = self.domains.lock();
        domains.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) const fn flights(&self) -> &Flights {
        &self.flights
    }

    pub(crate) const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Records the number of entries.
    pub(crate) fn counted(&self, entries: u64) {
        self.counted.store(entries, Ordering::Relaxed);
    }

    /// The number of entries when they were counted last.
    pub(crate) fn last_counted(&self) -> u64 {
        self.counted.load(Ordering::Relaxed)
    }

    /// The values that were to be stored and are not in Redis.
    pub(crate) const fn losses(&self) -> &Losses {
        &self.losses
    }

    pub(crate) const fn metrics(&self) -> &CacheMetrics {
        self.counters.metrics()
    }

    /// The longest that a look-up may take now.
    fn allowance(&self) -> Allowance {
        self.compute_time.allowance(self.timeout)
    }

    /// Queues a value, where there is room. Called under a lock, so it runs no user code; the caller
    /// [reports](Self::report_pushed) the result once the lock is released.
    fn queue(
        &self,
        epoch: Epoch,
        digest: Digest,
        contents: Contents,
        place: Option<&Place>,
    ) -> Pushed {
        let shard = self.shard(&digest);
        let pushed = shard.queue().push_store(epoch, digest, contents, place);
        if let Pushed::Queued { is_due, .. } = pushed {
            flush_on_exit::arm();
            if is_due {
                shard.hurry();
            } else {
                shard.announce();
            }
        } else if place.is_some() {
            // Jobs that callers wait for may be behind the place.
            shard.hurry();
        }
        pushed
    }

    /// Gives a place up, so that the jobs behind it can go. Returns whether it was still kept.
    fn give_up(&self, digest: &Digest, place: &Place) -> bool {
        let shard = self.shard(digest);
        let was_kept = shard.queue().give_up(place);
        shard.hurry();
        was_kept
    }
}

impl StoreEvents for Cache {
    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }

    fn settled(&self, shard: &Shard, digest: &Digest, ticket: u64) {
        shard.queue().settled(ticket);
        self.metrics().unqueued(1);
        self.flights.settle(digest, ticket);
    }

    fn cleared(&self) {
        self.flights.forget_queued();
    }

    fn hurry(&self) {
        verifier::hurry();
    }

    fn late(&self) {
        self.report_unproved();
    }

    fn refused(&self, code: &str) {
        self.report_refused(code);
    }
}
