//! Turns of many callers.
//!
//! In each round every contestant has one turn, and the order is drawn anew: whoever came always first would pay for what the
//! one before it has left behind, each time. A turn begins with a while that does not count, in which connections wake up
//! and the processor's caches fill.

use std::sync::Arc;

use anyhow::Result;

use super::scores::Scores;
use crate::bench::Bench;
use crate::body;
use crate::contestants::{Async, Blocking, Load, Until};
use crate::report::Swept;

/// What one turn gave. Only hits count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// Hits a second.
    pub(super) rate: f64,
    /// How often the body ran.
    pub(super) runs: u64,
    pub(super) calls: u64,
}

/// A turn of tasks.
pub(super) fn take(bench: &Bench, contestant: &Async, load: &Load) -> Result<Turn> {
    let drive = |load| bench.run(Arc::clone(&contestant.entrant).drive(load));
    drive(warm_up(bench, load))?;
    let before = body::runs();
    let mut driven = drive(load.clone())?;
    let (calls, runs) = (driven.calls, body::runs() - before);
    driven.calls = calls.saturating_sub(runs);
    Ok(Turn {
        rate: driven.rate(),
        runs,
        calls,
    })
}

/// A turn of threads, in hits a second.
pub(super) fn take_blocking(bench: &Bench, contestant: &Blocking, load: &Load) -> Result<f64> {
    contestant.entrant.drive(&warm_up(bench, load))?;
    Ok(contestant.entrant.drive(load)?.rate())
}

fn warm_up(bench: &Bench, load: &Load) -> Load {
    Load {
        until: Until::Elapsed(bench.plan.warm_up),
        ..load.clone()
    }
}

/// All of them in an order that is drawn.
pub(super) fn drawn<T: Clone>(all: &[T]) -> Vec<T> {
    let mut all = all.to_vec();
    fastrand::shuffle(&mut all);
    all
}

/// One turn of each contestant at a point of a sweep.
pub(super) fn round(
    bench: &Bench,
    all: &[Async],
    load: &Load,
    series: &mut [Swept],
    at: usize,
    scores: &mut Scores,
) {
    for contestant in drawn(all) {
        let Some(swept) = series
            .iter_mut()
            .find(|swept| swept.name == contestant.name)
        else {
            continue;
        };
        let rate = match take(bench, &contestant, load) {
            Ok(turn) => {
                scores.note_runs(contestant.name, turn.runs, turn.calls);
                turn.rate
            }
            Err(error) => {
                scores.note(format!(
                    "{} failed at {} callers: {error:#}.",
                    contestant.name, load.callers
                ));
                f64::NAN
            }
        };
        // A round that gave nothing keeps its place: relations are taken within one.
        swept.points[at].push(rate);
    }
}
