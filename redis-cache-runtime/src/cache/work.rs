//! A leader's run of the body.

use std::time::Instant;

use super::Cache;
use crate::{
    flight::{Leader, Untangled},
    key::Digest,
    remote::Epoch,
};

/// A leader's run of the body, and when it began.
pub(super) struct Work {
    pub(super) leader: Leader,
    pub(super) digest: Digest,
    pub(super) started: Instant,
    pub(super) untangled: Untangled,
    /// The clears and invalidations that were known when the body began.
    pub(super) epoch: Epoch,
}

impl Work {
    pub(super) fn begin(cache: &Cache, mut leader: Leader, digest: Digest) -> Self {
        leader.computes();
        Self {
            leader,
            digest,
            started: Instant::now(),
            untangled: Untangled::now(),
            epoch: cache.shard(&digest).queue().epoch(),
        }
    }
}
