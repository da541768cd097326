//! The run of a body whose value others get too.

use std::time::Instant;

use super::Cache;
use crate::{
    flight::{Leader, Untangled},
    key::Digest,
    remote::Epoch,
};

/// The run of a leader's body, and the moment at which it began.
pub(super) struct Work {
    pub(super) leader: Leader,
    pub(super) digest: Digest,
    pub(super) started: Instant,
    pub(super) untangled: Untangled,
    /// What was known of clears when it began.
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
