//! One cache: what this process knows of it, and how a call goes through it.

mod call;
mod run;
mod typical;

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use redis::RedisError;

use self::typical::Typical;
use crate::{
    codec::CodecError,
    config::{MaxSize, Resolved},
    departure,
    envelope::Seal,
    flight::Flights,
    io::Deployment,
    key::{Digest, Domain, EncodeError},
    stats::{Event, Stats},
    store::{self, Epoch, Names, Pushed, Shard},
};

/// One cache: a name, where it lives, and what this process knows of it.
pub(crate) struct Cache {
    name: Arc<str>,
    maxsize: MaxSize,
    timeout: Duration,
    typical: Typical,
    ttl: Option<Duration>,
    max_value_bytes: usize,
    seal: Seal,
    deployment: Arc<Deployment>,
    shards: Box<[Arc<Shard>]>,
    /// What sets the handler's instantiations apart, as far as they have been called.
    domains: Mutex<Vec<Domain>>,
    flights: Flights,
    stats: Stats,
    said_unkeyed: AtomicBool,
    said_not_storable: AtomicBool,
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
        let shards = store::split(&config.name, config.maxsize, config.shards);
        let shard = |(tag, maxsize): (String, MaxSize)| {
            let home = deployment.home(&tag)?;
            Ok(Arc::new(Shard::new(Names::new(&tag), maxsize, home)))
        };
        Ok(Self {
            name: config.name.as_str().into(),
            maxsize: config.maxsize,
            timeout: config.timeout,
            typical: Typical::default(),
            ttl: config.ttl,
            max_value_bytes: config.max_value_bytes,
            seal: config.seal,
            shards: shards
                .into_iter()
                .map(shard)
                .collect::<Result<_, RedisError>>()?,
            deployment,
            domains: Mutex::default(),
            flights: Flights::default(),
            stats: Stats::default(),
            said_unkeyed: AtomicBool::new(false),
            said_not_storable: AtomicBool::new(false),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
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

    /// The shard of one entry.
    pub(crate) fn shard(&self, digest: &Digest) -> &Arc<Shard> {
        match &*self.shards {
            [only] => only,
            // The first half of a digest names the entry; this is of the other.
            shards => {
                let spread = u32::from_le_bytes([digest[16], digest[17], digest[18], digest[19]]);
                &shards[spread as usize % shards.len()]
            }
        }
    }

    /// Takes up an instantiation of the handler.
    pub(crate) fn add(&self, domain: Domain) {
        self.domains().push(domain);
    }

    /// The instantiations that have been called.
    pub(crate) fn domains(&self) -> std::sync::MutexGuard<'_, Vec<Domain>> {
        self.domains.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn flights(&self) -> &Flights {
        &self.flights
    }

    pub(crate) const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The most that a look-up may take now.
    fn budget(&self) -> Duration {
        self.typical.budget(self.timeout)
    }

    /// Queues a value; tells whether there was room.
    fn queue(&self, epoch: Epoch, digest: Digest, ticket: u64, envelope: Bytes) -> bool {
        let shard = self.shard(&digest);
        match shard.outbox().push_store(epoch, digest, ticket, envelope) {
            Pushed::Queued => {
                departure::arm();
                shard.announce();
                true
            }
            Pushed::Dropped => {
                self.stats.count(Event::StoreDropped);
                false
            }
        }
    }

    /// A value that was queued is on its way no more.
    pub(crate) fn settle(&self, shard: &Shard, digest: &Digest, ticket: u64) {
        shard.outbox().settled();
        self.flights.settle(digest, ticket);
    }

    /// Says once that an argument refuses to be written.
    pub(crate) fn report_unkeyed(&self, error: &EncodeError) {
        if !self.said_unkeyed.swap(true, Ordering::Relaxed) {
            tracing::warn!(cache = self.name(), %error, "an argument can't be written into the key; such calls are not cached");
        }
    }

    /// Says once that a value refuses to be written.
    fn report_not_storable(&self, error: &CodecError) {
        self.stats.count(Event::NotStorable);
        if !self.said_not_storable.swap(true, Ordering::Relaxed) {
            tracing::warn!(cache = self.name(), %error, "a value can't be stored; such calls are not cached");
        }
    }
}
