//! Contestants who take turns with the baselines.
//!
//! All peers and baselines run the same client library. Were all contestants to take turns with one another, that code
//! would be warm at each of their turns, and only that of whoever has a client of its own cold. So each takes turns with
//! the baselines alone.

use anyhow::Result;
use bytes::Bytes;

use super::hits::alternate;
use super::scores::Scores;
use super::turns::{self, drawn};
use crate::bench::Bench;
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

    /// Has many call at once: the contestant and each baseline for a turn, in an order that is drawn. Only hits count.
    pub(super) fn hits_at_once(&self, contestant: &Async, load: &Load, scores: &mut Scores) {
        for other in drawn(&self.with(contestant)) {
            if scores.has_failed(contestant.name) {
                return;
            }
            match turns::take(self.bench, &other, load) {
                Ok(turn) if other.name == contestant.name => {
                    scores.add(contestant, &[turn.rate]);
                    scores.note_runs(contestant.name, turn.runs, turn.calls);
                }
                Ok(turn) => scores.add_beside(contestant, other.name, &[turn.rate]),
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
