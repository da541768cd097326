//! What the writer tells the cache, and by what rules it writes.

use std::time::Duration;

use super::{Losses, Shard};
use crate::{key::Digest, telemetry::Counters, value::envelope::Seal};

/// What hears of the writer's work: the cache that the shard is part of.
pub(crate) trait StoreEvents: Send + Sync {
    fn counters(&self) -> &Counters;

    /// What was computed and is not in Redis.
    fn losses(&self) -> &Losses;

    /// A value that was queued is on its way no more.
    fn settled(&self, shard: &Shard, digest: &Digest, ticket: u64);

    /// There was a clear: what is queued is for nobody.
    fn cleared(&self);

    /// Somebody waits for what has yet to be queued.
    fn hurry(&self);

    /// A value was not proved in time.
    fn late(&self);

    /// Redis refuses to store.
    fn refused(&self, code: &str);
}

/// By what rules values are written.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) ttl: Option<Duration>,
    /// What makes the checks of envelopes.
    pub(crate) seal: Seal,
}
