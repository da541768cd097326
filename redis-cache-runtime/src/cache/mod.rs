//! One cache: what this process knows of it, and how a call goes through it.

mod call;
mod run;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;

use crate::{
    codec::CodecError,
    config::{Config, MaxSize},
    departure,
    envelope::Seal,
    flight::Flights,
    io::Endpoint,
    key::{Digest, EncodeError},
    stats::{Event, Stats},
    store::{Names, Outbox, Pushed},
};

/// One cache: a name, where it lives, and what this process knows of it.
pub(crate) struct Cache {
    name: Arc<str>,
    names: Names,
    maxsize: MaxSize,
    timeout: Duration,
    ttl: Option<Duration>,
    max_value_bytes: usize,
    seal: Seal,
    endpoint: Arc<Endpoint>,
    outbox: Outbox,
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
    pub(crate) fn new(config: &Config, endpoint: Arc<Endpoint>) -> Self {
        Self {
            name: config.name.as_str().into(),
            names: Names::new(&config.name),
            maxsize: config.maxsize,
            timeout: config.timeout,
            ttl: config.ttl,
            max_value_bytes: config.max_value_bytes,
            seal: config.seal,
            endpoint,
            outbox: Outbox::default(),
            flights: Flights::default(),
            stats: Stats::default(),
            said_unkeyed: AtomicBool::new(false),
            said_not_storable: AtomicBool::new(false),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn names(&self) -> &Names {
        &self.names
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

    pub(crate) const fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    pub(crate) const fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(crate) const fn flights(&self) -> &Flights {
        &self.flights
    }

    pub(crate) const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Queues a value; tells whether there was room.
    fn queue(&self, epoch: u64, digest: Digest, ticket: u64, envelope: Bytes) -> bool {
        match self.outbox.push_store(epoch, digest, ticket, envelope) {
            Pushed::Queued => {
                departure::arm();
                self.endpoint.announce();
                true
            }
            Pushed::Dropped => {
                self.stats.count(Event::StoreDropped);
                false
            }
        }
    }

    /// A value has reached Redis.
    pub(crate) fn stored(&self, digest: &Digest, ticket: u64, evicted: u64) {
        self.stats.count(Event::Stored);
        self.stats.count_many(Event::Evicted, evicted);
        self.settle(digest, ticket);
    }

    /// A value that was queued is on its way no more.
    pub(crate) fn settle(&self, digest: &Digest, ticket: u64) {
        self.outbox.settled();
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
