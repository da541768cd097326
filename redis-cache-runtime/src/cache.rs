//! The order of the steps of one call.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;

use crate::{
    codec::{Codec, CodecError, Written},
    config::{Config, MaxSize},
    departure,
    envelope::{self, Damage, Draft, Seal},
    flight::{Flights, Joined, Landing, Leader, Queued},
    io::{Endpoint, Failure, Lookup},
    key::{CallKey, Digest, EncodeError},
    outcome::{self, CallResult, Outcome},
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

    /// Runs a call of a blocking method.
    pub(crate) fn call<R>(
        &'static self,
        key: CallKey,
        codec: &Codec<R>,
        body: impl FnOnce() -> R,
    ) -> R {
        let mut call = Call::new(self, key, codec);
        let next = match call.join(oneshot::channel) {
            Step::Follow(leader) => call.landed(leader.recv().ok()),
            Step::Go(next) => next,
        };
        let (leader, digest) = match next {
            Next::Done(value) => return value,
            Next::Alone => return body(),
            Next::Lead(leader, digest) => (leader, digest),
        };
        leader.attended();
        let found = self
            .endpoint
            .lookup_blocking(&self.names.entry(&digest), self.timeout);
        match call.looked_up(found, leader, digest) {
            Next::Done(value) => value,
            Next::Alone => body(),
            Next::Lead(leader, digest) => {
                let work = Work::begin(self, leader, digest);
                let value = body();
                call.computed(&value, work);
                value
            }
        }
    }

    /// Runs a call of an async method.
    pub(crate) async fn call_async<R>(
        &'static self,
        key: CallKey,
        codec: Codec<R>,
        body: Pin<&mut impl Future<Output = R>>,
    ) -> R {
        let mut call = Call::new(self, key, &codec);
        let next = match call.join(oneshot::async_channel) {
            Step::Follow(leader) => call.landed(leader.await.ok()),
            Step::Go(next) => next,
        };
        let (leader, digest) = match next {
            Next::Done(value) => return value,
            Next::Alone => return body.await,
            Next::Lead(leader, digest) => (leader, digest),
        };
        let entry = self.names.entry(&digest);
        // On the heap, so that a method's future is hardly larger than its body's.
        let mut lookup = Box::pin(self.endpoint.lookup(&entry, self.timeout));
        let found = leader.attend(lookup.as_mut()).await;
        drop(lookup);
        match call.looked_up(found, leader, digest) {
            Next::Done(value) => value,
            Next::Alone => body.await,
            Next::Lead(leader, digest) => {
                let work = Work::begin(self, leader, digest);
                let value = work.leader.attend(body).await;
                call.computed(&value, work);
                value
            }
        }
    }
}

/// What a call does first: it follows another, or goes on.
enum Step<R, F> {
    Follow(F),
    Go(Next<R>),
}

/// What a call does next.
enum Next<R> {
    /// It has its value.
    Done(R),
    /// It runs the body for itself alone.
    Alone,
    /// It asks Redis or runs the body, for all who wait.
    Lead(Leader, Digest),
}

/// The body's run for all who wait.
struct Work {
    leader: Leader,
    digest: Digest,
    started: Instant,
    /// The clears that came before.
    epoch: u64,
}

impl Work {
    fn begin(cache: &Cache, leader: Leader, digest: Digest) -> Self {
        Self {
            leader,
            digest,
            started: Instant::now(),
            epoch: cache.outbox.epoch(),
        }
    }
}

/// One call, and how it would be counted if it ended now: a panic and a cancellation are ends as well.
struct Call<'c, R> {
    cache: &'static Cache,
    key: CallKey,
    codec: &'c Codec<R>,
    result: CallResult,
    age: Option<Duration>,
}

impl<R> Drop for Call<'_, R> {
    fn drop(&mut self) {
        let (cache, result, age) = (self.cache, self.result, self.age);
        cache.stats.count_result(result);
        outcome::record(|| Outcome {
            cache: Arc::clone(&cache.name),
            result,
            age,
        });
    }
}

impl<'c, R> Call<'c, R> {
    fn new(cache: &'static Cache, key: CallKey, codec: &'c Codec<R>) -> Self {
        Self {
            cache,
            key,
            codec,
            result: CallResult::Cancelled,
            age: None,
        }
    }

    /// Joins the calls with the same key.
    fn join<F>(&mut self, channel: fn() -> (oneshot::Sender<Landing>, F)) -> Step<R, F> {
        let Some(digest) = self.key.digest else {
            return Step::Go(self.alone(CallResult::Bypass));
        };
        match self.cache.flights.join(digest, channel) {
            Joined::Follow(leader) => Step::Follow(leader),
            Joined::Lead(leader) => Step::Go(Next::Lead(leader, digest)),
            Joined::Queued(queued) => Step::Go(match self.read(&queued.envelope, &digest) {
                Ok(value) => {
                    self.use_queued(&digest, queued);
                    self.done(CallResult::HitBuffer, value)
                }
                Err(_) => self.alone(CallResult::Miss),
            }),
        }
    }

    /// Goes on after the leader that this call has followed.
    fn landed(&mut self, landing: Option<Landing>) -> Next<R> {
        match (landing, self.key.digest) {
            (Some(Landing::Lead(leader)), Some(digest)) => Next::Lead(leader, digest),
            (Some(Landing::Value(envelope)), Some(digest)) => match self.read(&envelope, &digest) {
                Ok(value) => self.done(CallResult::Coalesced, value),
                Err(_) => self.alone(CallResult::Miss),
            },
            _ => self.alone(CallResult::Miss),
        }
    }

    /// Goes on after the look-up.
    fn looked_up(&mut self, lookup: Lookup, leader: Leader, digest: Digest) -> Next<R> {
        self.result = CallResult::Miss;
        match lookup {
            Lookup::Found(envelope) => match self.read(&envelope, &digest) {
                Ok(value) => {
                    leader.land(&envelope);
                    self.touch(&digest);
                    return self.done(CallResult::HitRedis, value);
                }
                Err(damage) => self.heal(&digest, Some(envelope), Some(damage)),
            },
            Lookup::WrongType => self.heal(&digest, None, None),
            Lookup::Absent => {}
            Lookup::Failed(failure) => {
                self.result = CallResult::ErrorOpen;
                if failure == Failure::TimedOut {
                    self.cache.stats.count(Event::TimedOut);
                }
            }
        }
        Next::Lead(leader, digest)
    }

    /// Hands the value of a finished body to those who wait, and to Redis.
    fn computed(&self, value: &R, work: Work) {
        let Work {
            leader,
            digest,
            started,
            epoch,
        } = work;
        let cache = self.cache;
        let down = cache.endpoint.is_down();
        if down && !leader.has_followers() {
            return;
        }
        let domain = self.key.domain;
        let mut draft = Draft::new(domain.fingerprint, SystemTime::now(), started.elapsed());
        match self.codec.write(value, draft.payload(), domain.ambiguous) {
            Written::Value => {
                let envelope = Bytes::from(draft.seal(&cache.seal, &digest));
                let storable = envelope.len() <= cache.max_value_bytes;
                if !storable {
                    cache.stats.count(Event::TooLarge);
                }
                if down || !storable {
                    leader.land(&envelope);
                } else {
                    leader.land_queued(&envelope, |ticket| {
                        cache.queue(epoch, digest, ticket, envelope.clone())
                    });
                }
            }
            Written::Declined => drop(leader),
            Written::Failed(error) => {
                cache.report_not_storable(&error);
                leader.dismiss();
            }
        }
    }

    fn alone(&mut self, result: CallResult) -> Next<R> {
        self.result = result;
        Next::Alone
    }

    fn done(&mut self, result: CallResult, value: R) -> Next<R> {
        self.result = result;
        Next::Done(value)
    }

    /// Reads a value, and notes its age.
    fn read(&mut self, envelope: &[u8], digest: &Digest) -> Result<R, Damage> {
        let fingerprint = self.key.domain.fingerprint;
        let opened = envelope::open(envelope, &self.cache.seal, digest, fingerprint)?;
        let value = self
            .codec
            .read(opened.payload)
            .map_err(|_| Damage::Payload)?;
        self.age = Some(opened.age());
        Ok(value)
    }

    fn use_queued(&self, digest: &Digest, queued: Queued) {
        let cache = self.cache;
        let Some(ticket) = cache.flights.requeue(digest, &queued) else {
            return self.touch(digest);
        };
        if !cache.queue(cache.outbox.epoch(), *digest, ticket, queued.envelope) {
            cache.flights.settle(digest, ticket);
        }
    }

    fn touch(&self, digest: &Digest) {
        if self.cache.outbox.touch(digest) {
            self.cache.endpoint.announce();
        }
    }

    fn heal(&self, digest: &Digest, found: Option<Bytes>, damage: Option<Damage>) {
        let cache = self.cache;
        cache.stats.count(Event::Corrupt);
        tracing::debug!(
            cache = cache.name(),
            ?damage,
            "what Redis has is not a value"
        );
        cache.outbox.push_heal(*digest, found);
        cache.endpoint.announce();
    }
}
