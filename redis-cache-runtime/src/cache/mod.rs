//! One cache: what this process knows of it, and how a call goes through it.

mod call;
mod compute_time;
mod run;
mod run_async;
mod session;
mod uncached;
mod unproved;
mod verifier;

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::RedisError;

use self::compute_time::ComputeTime;
pub(crate) use self::{
    run_async::{CalledBy, call_async},
    uncached::{Uncached, UncachedCall},
};
use crate::{
    config::{MaxSize, Resolved},
    conn::{Allowance, Deployment},
    flight::Flights,
    key::{self, Digest, Domain, EncodeError},
    process::per_process::Process,
    remote::{
        self, Epoch, Keyspace, Loss, Losses, Place, Pushed, Shard, StoreEvents, flush_on_exit,
    },
    telemetry::{
        self, Counters, Event,
        metrics::{CacheMetrics, CacheOperation, ErrorType},
    },
    value::{
        codec::CodecError,
        envelope::{Contents, Seal},
    },
};

/// One cache: a name, where it lives, and what this process knows of it.
pub(crate) struct Cache {
    name: Arc<str>,
    /// Whose it is: a forked child has one of its own.
    process: Process,
    maxsize: MaxSize,
    timeout: Duration,
    compute_time: ComputeTime,
    ttl: Option<Duration>,
    max_value_bytes: usize,
    seal: Seal,
    deployment: Arc<Deployment>,
    shards: Box<[Arc<Shard>]>,
    /// What sets the handler's instantiations apart, as far as they have been called.
    domains: Mutex<Vec<Domain>>,
    flights: Flights,
    counters: Counters,
    losses: Losses,
    /// The entries that were counted last.
    counted: AtomicU64,
    logged: LogOnce,
}

/// What has been said once, and is not said again.
#[derive(Default)]
struct LogOnce {
    unkeyed: AtomicBool,
    anonymous: AtomicBool,
    moved: AtomicBool,
    not_storable: AtomicBool,
    unproved: AtomicBool,
    too_large: AtomicBool,
    queue_full: AtomicBool,
    refused: AtomicBool,
}

/// Whether this is the first time.
fn first(said: &AtomicBool) -> bool {
    // Mostly it has been said, and then a load leaves the cache line where it is.
    !said.load(Ordering::Relaxed) && !said.swap(true, Ordering::Relaxed)
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
        Ok(Self {
            name: config.name.as_str().into(),
            process: Process::current(),
            maxsize: config.maxsize,
            timeout: config.timeout,
            compute_time: ComputeTime::default(),
            ttl: config.ttl,
            max_value_bytes: config.max_value_bytes,
            seal: config.seal,
            shards: shards
                .into_iter()
                .map(shard)
                .collect::<Result<_, RedisError>>()?,
            deployment,
            domains: Mutex::default(),
            flights: Flights::new(),
            counters: Counters::new(&config.name, config.maxsize),
            losses: Losses::default(),
            counted: AtomicU64::new(0),
            logged: LogOnce::default(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is this process's, and not that of one from which this one was forked: of that one's nothing may be touched
    /// that another thread could have locked.
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

    /// Where it lives, without credentials.
    pub(crate) fn address(&self) -> &str {
        self.deployment.address()
    }

    pub(crate) const fn shards(&self) -> &[Arc<Shard>] {
        &self.shards
    }

    /// What makes the checks of envelopes.
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

    /// Takes up an instantiation of the handler.
    pub(crate) fn add(&self, domain: Domain) {
        let domains = self.domains.lock();
        let mut domains = domains.unwrap_or_else(PoisonError::into_inner);
        // Several threads may have made the first call.
        if !domains.iter().any(|known| known.seed == domain.seed) {
            domains.push(domain);
        }
    }

    /// The instantiations that have been called. A copy: what is done for each may run the user's code.
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

    /// Takes in how many entries there are.
    pub(crate) fn counted(&self, entries: u64) {
        self.counted.store(entries, Ordering::Relaxed);
    }

    /// How many entries there were when they were counted last.
    pub(crate) fn last_counted(&self) -> u64 {
        self.counted.load(Ordering::Relaxed)
    }

    /// What was computed and is not in Redis.
    pub(crate) const fn losses(&self) -> &Losses {
        &self.losses
    }

    pub(crate) const fn metrics(&self) -> &CacheMetrics {
        self.counters.metrics()
    }

    /// The most that a look-up may take now.
    fn allowance(&self) -> Allowance {
        self.compute_time.allowance(self.timeout)
    }

    /// Queues a value, where there is room. Called under a lock: nothing of the user's runs here. What became of it is to be
    /// [reported](Self::report_pushed) after that.
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
            // Others may wait behind it.
            shard.hurry();
        }
        pushed
    }

    /// Keeps a place no longer; others may wait behind it. Tells whether it was kept still.
    fn give_up(&self, digest: &Digest, place: &Place) -> bool {
        let shard = self.shard(digest);
        let was_kept = shard.queue().give_up(place);
        shard.hurry();
        was_kept
    }

    /// Counts what became of a value of so many bytes that was to be queued.
    fn report_pushed(&self, pushed: Pushed, bytes: usize) {
        match pushed {
            Pushed::Queued { .. } => self.metrics().queued(bytes),
            Pushed::Full => self.report_queue_full(),
            // It was counted when its time was up.
            Pushed::Late => {}
            Pushed::Overtaken => self.counters.count(Event::Overtaken),
        }
    }

    /// Says once that an argument refuses to be written.
    pub(crate) fn report_unkeyed(&self, error: &EncodeError) {
        self.metrics()
            .count_error(CacheOperation::Key, ErrorType::Encode);
        if first(&self.logged.unkeyed) {
            let (cache, error) = (Arc::clone(&self.name), error.to_string());
            telemetry::report(move || {
                tracing::warn!(cache = &*cache, %error, "an argument can't be written into the key; such calls are not cached");
            });
        }
    }

    /// Says once that the handler's receiver may have an identity that can't be seen.
    pub(crate) fn report_anonymous(&self, path: &'static str) {
        if first(&self.logged.anonymous) {
            let cache = Arc::clone(&self.name);
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    handler = path,
                    "not cached: where this body stands, it can't be seen whether the type of `self` has a `CacheIdentity`; \
                     make `CacheIdentity` a supertrait or a bound, or write `version = ()` where the instance does not matter"
                );
            });
        }
    }

    /// Says once that a value is not stored because what its key says has changed meanwhile.
    fn report_moved(&self) {
        if first(&self.logged.moved) {
            let cache = Arc::clone(&self.name);
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    "the identity or the version has changed while the body ran; such values are not stored"
                );
            });
        }
    }

    /// Says once that a value refuses to be written, or does not come back. It was never to be in Redis.
    fn report_not_storable(&self, error: &CodecError) {
        self.counters.count(Event::NotStorable);
        self.metrics()
            .count_error(CacheOperation::Put, ErrorType::Encode);
        if first(&self.logged.not_storable) {
            let (cache, error) = (Arc::clone(&self.name), error.to_string());
            telemetry::report(move || {
                tracing::warn!(cache = &*cache, %error, "a value can't be stored; such calls are not cached");
            });
        }
    }

    /// Says once that it takes too long to find out whether values come back.
    pub(crate) fn report_unproved(&self) {
        self.counters.count(Event::NotStorable);
        self.losses.add(Loss::Unproved);
        if first(&self.logged.unproved) {
            let cache = Arc::clone(&self.name);
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    "to read values back takes too long; those that wait for it are not stored"
                );
            });
        }
    }

    /// Says once that a value is larger than what is stored.
    fn report_too_large(&self, bytes: usize) {
        self.counters.count(Event::TooLarge);
        self.losses.add(Loss::TooLarge);
        if first(&self.logged.too_large) {
            let (cache, most) = (Arc::clone(&self.name), self.max_value_bytes);
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    bytes,
                    most,
                    "a value is larger than `max_value_bytes`; such values are not stored"
                );
            });
        }
    }

    /// Says once that values come faster than Redis takes them.
    fn report_queue_full(&self) {
        self.counters.count(Event::QueueFull);
        self.losses.add(Loss::QueueFull);
        if first(&self.logged.queue_full) {
            let cache = Arc::clone(&self.name);
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    "too many values wait to be stored; those that come now are not"
                );
            });
        }
    }

    /// Says once that Redis refuses to store.
    pub(crate) fn report_refused(&self, code: &str) {
        let (cache, code) = (Arc::clone(&self.name), code.to_owned());
        if first(&self.logged.refused) {
            telemetry::report(move || {
                tracing::warn!(
                    cache = &*cache,
                    code,
                    "Redis refuses to store; handlers run uncached for what it does not have"
                );
            });
        } else {
            telemetry::report(move || {
                tracing::debug!(cache = &*cache, code, "Redis refused a write");
            });
        }
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

    fn late(&self) {
        self.report_unproved();
    }

    fn refused(&self, code: &str) {
        self.report_refused(code);
    }
}
