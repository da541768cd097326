//! The writer's calls to its cache, and the rules by which it writes.

use std::time::Duration;

use super::{Losses, Shard};
use crate::{key::Digest, telemetry::Counters, value::envelope::Seal};

/// The cache that a shard is part of, as its writer calls it.
pub(crate) trait StoreEvents: Send + Sync {
    fn counters(&self) -> &Counters;

    /// The values that were to be stored and are not in Redis.
    fn losses(&self) -> &Losses;

    /// The store of a queued value has ended, well or not.
    fn settled(&self, shard: &Shard, digest: &Digest, ticket: u64);

    /// Another process has cleared the cache: calls no longer get queued values.
    fn cleared(&self);

    /// A thread waits for the queue: values that are yet to be compared should get there at once.
    fn hurry(&self);

    /// A value was not compared in time, and has lost its place in the queue.
    fn late(&self);

    /// Redis has refused a write with this error code.
    fn refused(&self, code: &str);
}

/// The rules by which values are written.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) ttl: Option<Duration>,
    /// Makes the checks of envelopes.
    pub(crate) seal: Seal,
}
