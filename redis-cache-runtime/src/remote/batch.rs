//! The jobs of one round trip.

use std::{collections::VecDeque, time::Instant};

use super::{Shard, queue::Job};
use crate::limits::{BATCH, BATCH_BYTES};

/// Takes the next jobs, up to [`BATCH`] or [`BATCH_BYTES`]. A job that a caller waits for ends the batch.
pub(super) fn collect(shard: &Shard) -> VecDeque<Job> {
    let now = Instant::now();
    let mut batch = VecDeque::new();
    let mut bytes = 0;
    while batch.len() < BATCH && bytes < BATCH_BYTES {
        let Some(job) = shard.queue().pop(now) else {
            break;
        };
        if let Job::Store { contents, .. } = &job {
            bytes += contents.sealed_len();
        }
        let ends = job.is_waited_for();
        batch.push_back(job);
        if ends {
            break;
        }
    }
    batch
}
