//! One call on its way through the cache: its state, and the decision after each step.

use std::{
    any::type_name,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;

use super::{Cache, unproved::Unproved, verifier, work::Work};
use crate::{
    conn::Redis as _,
    flight::{
        Caller, FlightResult, Follower, Joined, Leader, Queued,
        reentrancy::{self, Leading},
    },
    key::{CallKey, Digest, KeyBuilder},
    outcome::{CacheStatus, Damage, Failure, Lookup, Outcome},
    process::{catch_panic::discard, serde_code::SerdeCode},
    remote::Used,
    telemetry::{
        self, Event,
        metrics::{CacheOperation, ErrorType, Level},
    },
    value::{
        codec::{Codec, Limits, Written},
        envelope::{self, Contents, Draft, Opened},
    },
};

/// A call's first step: it follows a leader, or goes on.
pub(super) enum Step<R> {
    Follow(Follower),
    Go(Next<R>),
}

/// A call's next step.
pub(super) enum Next<R> {
    /// The call has its value.
    Done(R),
    /// The call runs the body for itself alone.
    Alone,
    /// The call leads: it asks Redis or runs the body, for its followers as well.
    Lead(Leader, Digest),
    /// The call leads, and asks Redis once more, for the other [entry](Call::entry).
    AskAgain(Leader, Digest),
}

/// Another call's value is of no use to this one: it has expired, or is of another type.
struct Unusable;

/// A value that need not be computed.
struct Found<R> {
    value: R,
    created: SystemTime,
    /// How long the body took.
    compute: Duration,
}

/// One call. It is counted as it is dropped, by its `result` so far: a panic and a cancellation are ends as well.
pub(super) struct Call<R> {
    cache: &'static Cache,
    key: CallKey,
    codec: Codec<R>,
    result: CacheStatus,
    /// When the value was computed, where the body did not run.
    created: Option<SystemTime>,
    /// The entry of this build's value, where another build's value stands at the key.
    alternate: Option<Digest>,
    /// Whether a third build's value stands at that entry.
    is_crowded: bool,
    _inflight: Level<'static>,
}

impl<R> Drop for Call<R> {
    fn drop(&mut self) {
        let (cache, result, created) = (self.cache, self.result, self.created);
        cache.counters.count_result(result);
        telemetry::record(|| Outcome {
            cache: Arc::clone(&cache.name),
            result,
            age: created.map(envelope::age),
        });
    }
}

impl<R> Call<R> {
    pub(super) fn new(cache: &'static Cache, key: CallKey, codec: Codec<R>) -> Self {
        Self {
            cache,
            key,
            codec,
            result: CacheStatus::Cancelled,
            created: None,
            alternate: None,
            is_crowded: false,
            _inflight: cache.metrics().call(),
        }
    }

    pub(super) const fn cache(&self) -> &'static Cache {
        self.cache
    }

    /// Joins the calls with the same key: follows them, leads them, or takes their queued value.
    pub(super) fn join(&mut self, is_task: bool) -> Step<R> {
        let Some(digest) = self.key.digest else {
            return Step::Go(self.alone(CacheStatus::Bypass));
        };
        let cache = self.cache;
        let caller = Caller {
            is_task,
            leads: reentrancy::leads_here(),
            usual: cache.compute_time.usual(),
        };
        let epoch = cache.shard(&digest).queue().epoch();
        let mut joined = cache.flights.join(digest, epoch, caller);
        if let Joined::Queued(queued) = &joined
            && self.has_expired(queued.contents.age())
        {
            cache.flights.forget(&digest, queued);
            joined = cache.flights.join(digest, epoch, caller);
        }
        match joined {
            Joined::Alone => Step::Go(self.alone(CacheStatus::Miss)),
            Joined::Follow(leader) => {
                verifier::hurry();
                Step::Follow(leader)
            }
            Joined::Lead(leader) => Step::Go(Next::Lead(leader, digest)),
            Joined::Queued(queued) => Step::Go(match self.read_contents(&queued.contents) {
                Ok(found) => {
                    self.use_queued(&digest, &queued);
                    self.done(CacheStatus::HitBuffer, found)
                }
                Err(_) => self.alone(CacheStatus::Miss),
            }),
        }
    }

    /// Whether a value of that age is older than `ttl` allows.
    fn has_expired(&self, age: Duration) -> bool {
        self.cache.ttl.is_some_and(|ttl| age >= ttl)
    }

    /// Decides after the leader that this call has followed.
    pub(super) fn followed(&mut self, result: Option<FlightResult>) -> Next<R> {
        match (result, self.key.digest) {
            (Some(FlightResult::Lead(leader)), Some(digest)) => Next::Lead(leader, digest),
            (Some(FlightResult::Value(contents)), Some(_)) => match self.read_contents(&contents) {
                Ok(found) => self.done(CacheStatus::Coalesced, found),
                Err(_) => self.alone(CacheStatus::Miss),
            },
            _ => self.alone(CacheStatus::Miss),
        }
    }

    /// The entry of the call's value in Redis.
    pub(super) fn entry(&self, digest: &Digest) -> Digest {
        self.alternate.unwrap_or(*digest)
    }

    /// Decides after the look-up.
    pub(super) fn looked_up(&mut self, lookup: Lookup, leader: Leader, digest: Digest) -> Next<R> {
        self.result = CacheStatus::Miss;
        let _leading = Leading::begin();
        let entry = self.entry(&digest);
        match lookup {
            // Stored with a larger `max_value_bytes`: reading it could take more memory than this one allows for.
            Lookup::Found(envelope) if envelope.len() > self.cache.max_value_bytes => {}
            Lookup::Found(envelope) => match self.read(&envelope, &entry) {
                // Redis counts the TTL from the store, and by the `ttl` of the process that stored the value.
                Ok(found) if self.has_expired(envelope::age(found.created)) => discard(found),
                Ok(found) => {
                    leader.complete(&Contents::of(&envelope, found.created));
                    self.touch(&digest);
                    // The value at the key has led to this one, so that it has been used as well.
                    if let Some(alternate) = &self.alternate {
                        self.touch(alternate);
                    }
                    return self.done(CacheStatus::HitRedis, found);
                }
                // Whole, and of another build's type: it stays, and this build's value stands at another entry.
                Err(Damage::Type) if self.alternate.is_some() => self.is_crowded = true,
                Err(Damage::Type) => {
                    self.alternate = Some(envelope::alternate(&envelope, &digest));
                    return Next::AskAgain(leader, digest);
                }
                Err(damage) => {
                    self.cache.shard(&digest).route().discard_connections();
                    self.failed(damage.into());
                    self.heal(&entry, Some(envelope), Some(damage));
                }
            },
            Lookup::WrongType => {
                self.failed(ErrorType::Decode);
                self.heal(&entry, None, None);
            }
            Lookup::Absent => {}
            Lookup::Failed(failure) => {
                self.result = CacheStatus::ErrorOpen;
                self.failed(failure.into());
                if failure == Failure::TimedOut {
                    self.cache.counters.count(Event::TimedOut);
                }
            }
        }
        Next::Lead(leader, digest)
    }

    /// Hands the value of a finished body to the followers and to Redis. Not if the receiver's identity or the version, which
    /// `again` writes once more, has changed: the value may belong to either.
    pub(super) fn computed(&self, value: &R, work: Work, again: impl FnOnce(&mut KeyBuilder)) {
        if self.key.has_moved(again) {
            work.leader.abandon();
            self.cache.report_moved();
            return;
        }
        let Work {
            mut leader,
            digest,
            started,
            untangled,
            epoch,
        } = work;
        let _leading = Leading::begin();
        let cache = self.cache;
        let compute = started.elapsed();
        cache.compute_time.add(compute, untangled.has_passed());
        let is_out = !cache.shard(&digest).route().availability().takes_values();
        if is_out {
            leader = match leader.abandon_alone() {
                Ok(()) => return,
                Err(leader) => leader,
            };
        }
        let readable = self.key.readable;
        let mut draft = Draft::new(SystemTime::now(), compute);
        let here = SerdeCode::begin();
        let written = self.codec.write(value, draft.buffer());
        drop(here);
        match written {
            Written::Value => {
                let bytes = draft.sealed_len();
                let is_storable = bytes <= cache.max_value_bytes;
                if !is_storable && !is_out {
                    cache.report_too_large(bytes);
                }
                if is_storable && !is_out && self.is_crowded {
                    cache.report_crowded();
                }
                let is_stored = is_storable && !is_out && !self.is_crowded;
                if !is_stored {
                    leader = match leader.abandon_alone() {
                        Ok(()) => return,
                        Err(leader) => leader,
                    };
                }
                let here = SerdeCode::begin();
                let proof = self.codec.prove(value, draft.payload(), self.limits());
                drop(here);
                let unproved = Unproved {
                    cache,
                    leader,
                    digest,
                    epoch,
                    draft: Arc::new(draft),
                    readable,
                    type_name: type_name::<R>(),
                    is_stored,
                    alternate: self.alternate,
                    place: None,
                };
                unproved.prove(proof);
            }
            Written::Declined => {
                drop(leader);
                cache.counters.count(Event::Declined);
            }
            Written::Failed(error) => {
                if let Some(readable) = readable {
                    readable.learn(false);
                }
                cache.report_not_storable(&error, type_name::<R>());
                leader.abandon();
            }
        }
    }

    fn alone(&mut self, result: CacheStatus) -> Next<R> {
        self.result = result;
        Next::Alone
    }

    fn done(&mut self, result: CacheStatus, found: Found<R>) -> Next<R> {
        self.result = result;
        self.created = Some(found.created);
        self.cache.metrics().add_saved(result, found.compute);
        Next::Done(found.value)
    }

    fn failed(&self, error: ErrorType) {
        let metrics = self.cache.metrics();
        metrics.count_error(CacheOperation::Get, error);
    }

    fn read(&self, envelope: &[u8], digest: &Digest) -> Result<Found<R>, Damage> {
        self.read_opened(envelope::open(envelope, &self.cache.seal, digest)?)
    }

    /// Reads a value that another call of this process has computed, or has read from Redis and checked.
    fn read_contents(&self, contents: &Contents) -> Result<Found<R>, Unusable> {
        if self.has_expired(contents.age()) {
            return Err(Unusable);
        }
        let opened = contents.open();
        opened
            .and_then(|opened| self.read_opened(opened))
            .map_err(|_damage| Unusable)
    }

    fn read_opened(&self, opened: Opened<'_>) -> Result<Found<R>, Damage> {
        let here = SerdeCode::begin();
        let read = self.codec.read(opened.payload, self.limits());
        drop(here);
        let (value, shape) = read.map_err(|_| Damage::Type)?;
        if shape != opened.shape {
            discard(value);
            return Err(Damage::Type);
        }
        Ok(Found {
            value,
            created: opened.created,
            compute: opened.compute,
        })
    }

    fn limits(&self) -> Limits {
        Limits {
            max_bytes: self.cache.max_value_bytes,
        }
    }

    fn use_queued(&self, digest: &Digest, queued: &Queued) {
        let cache = self.cache;
        let shard = cache.shard(digest);
        match shard
            .queue()
            .use_queued(digest, queued.ticket, shard.maxsize())
        {
            Used::Recorded { is_news: true } => return shard.announce(),
            Used::Recorded { is_news: false } => return,
            Used::Late => {}
        }
        let mut pushed = None;
        cache.flights.requeue(digest, queued, || {
            let again = cache.queue(queued.epoch, *digest, queued.contents.clone(), None);
            pushed.insert(again).ticket()
        });
        if let Some(pushed) = pushed {
            cache.report_pushed(pushed, queued.contents.sealed_len());
        }
        if pushed.is_none_or(|pushed| pushed.ticket().is_none()) {
            self.touch(digest);
        }
    }

    fn touch(&self, digest: &Digest) {
        let shard = self.cache.shard(digest);
        if shard.queue().touch(digest) {
            shard.announce();
        }
    }

    fn heal(&self, digest: &Digest, found: Option<Bytes>, damage: Option<Damage>) {
        let cache = self.cache;
        cache.counters.count(Event::Corrupt);
        let name = Arc::clone(&cache.name);
        telemetry::report(move || {
            tracing::debug!(cache = &*name, ?damage, "what Redis has is not a value");
        });
        let shard = cache.shard(digest);
        shard.queue().push_heal(*digest, found);
        shard.announce();
    }
}
