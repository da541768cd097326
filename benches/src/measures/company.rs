//! Contestants who take turns with the baselines.
//!
//! All peers and baselines run the same client library. Were all contestants to take turns with one another, that code
//! would be warm at each of their turns, and only that of whoever has a client of its own cold. So each takes turns with
//! the baselines alone.

use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;

use super::hits::alternate;
use super::scores::Scores;
use crate::bench::Bench;
use crate::body;
use crate::contestants::{Async, Load};
use crate::work::Answer;

/// Who is measured, and beside whom.
pub(super) struct Company<'b> {
    pub(super) bench: &'b Bench,
    pub(super) baselines: &'b [Async],
}

impl Company<'_> {
    /// Times single calls: one of the contestant, then one of each baseline.
    pub(super) fn single_calls(
        &self,
        contestant: &Async,
        answer: Answer,
        inputs: Vec<Bytes>,
        samples: usize,
        figures: impl Fn(&[f64]) -> Vec<f64>,
        scores: &mut Scores,
    ) -> Result<()> {
        let turns = alternate(self.with(contestant), answer, inputs, samples);
        for (other, times) in self.bench.run(turns)? {
            let is_meant = other.name == contestant.name;
            match times {
                Ok(times) if is_meant => scores.add(contestant, &figures(&times)),
                Ok(times) => scores.add_beside(contestant, other.name, &figures(&times)),
                Err(error) => scores.fail(other.name, &error),
            }
        }
        Ok(())
    }

    /// Has many call at once: for a slice of time the contestant, then each baseline. Only hits count.
    pub(super) fn hits_at_once(&self, contestant: &Async, load: &Load, scores: &mut Scores) {
        for other in self.with(contestant) {
            if scores.has_failed(contestant.name) {
                return;
            }
            let before = body::runs();
            match self
                .bench
                .run(Arc::clone(&other.entrant).drive(load.clone()))
            {
                Ok(mut driven) => {
                    let calls = driven.calls;
                    let runs = body::runs() - before;
                    driven.calls = calls.saturating_sub(runs);
                    if other.name == contestant.name {
                        scores.add(contestant, &[driven.rate()]);
                        note_runs(scores, contestant.name, runs, calls);
                    } else {
                        scores.add_beside(contestant, other.name, &[driven.rate()]);
                    }
                }
                Err(error) => scores.fail(other.name, &error),
            }
        }
    }

    fn with(&self, contestant: &Async) -> Vec<Async> {
        let others = self
            .baselines
            .iter()
            .filter(|baseline| baseline.name != contestant.name);
        [contestant].into_iter().chain(others).cloned().collect()
    }
}

fn note_runs(scores: &mut Scores, name: &str, runs: u64, calls: u64) {
    if runs > 0 {
        scores.note(format!(
            "{name}: not all calls were hits; the body ran {runs} times in {calls} calls of one round. Only hits are counted."
        ));
    }
}
