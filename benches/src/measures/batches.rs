//! New values in batches, each in Redis before the next begins.

use std::time::Duration;

use anyhow::Result;

use super::misses::until_settled;
use crate::bench::Bench;
use crate::contestants::{Async, Driven, Load, Until};
use crate::input;
use crate::work::Answer;

/// Small enough that a cache that stores in the background drops nothing.
const BATCH: usize = 1_000;

/// What is stored, and by how many tasks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batches {
    pub(super) answer: Answer,
    pub(super) input: usize,
    pub(super) tasks: usize,
}

impl Batches {
    /// Has the contestant store so many new values.
    pub(super) fn store(self, bench: &Bench, contestant: &Async, count: usize) -> Result<Driven> {
        let mut total = Driven {
            calls: 0,
            time: Duration::ZERO,
        };
        let mut left = count;
        while left > 0 {
            let batch = left.min(BATCH);
            let load = Load {
                answer: self.answer,
                callers: self.tasks,
                inputs: input::fresh(batch, self.input).into(),
                until: Until::Done,
            };
            let driven = bench.run(until_settled(contestant.clone(), load))?;
            total.calls += driven.calls;
            total.time += driven.time;
            left -= batch;
        }
        Ok(total)
    }
}
