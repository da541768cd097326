//! Turns of many callers.
//!
//! In each round every contestant has one turn, and the order is drawn anew: whoever came always first would pay for what the
//! one before it has left behind, each time. A turn begins with a while that does not count, in which connections wake up
//! and the processor's caches fill.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use rustix::time::{ClockId, clock_gettime};

use super::scores::Scores;
use crate::bench::Bench;
use crate::body;
use crate::contestants::{Async, Blocking, Load, Until};
use crate::report::Swept;
use crate::stats::micros;

/// What one turn gave. Only hits count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// Hits a second.
    pub(super) rate: f64,
    /// Microseconds of processor time that this process spent on a hit, whoever else had the cores meanwhile.
    pub(super) cost: f64,
    /// How often the body ran.
    pub(super) runs: u64,
    pub(super) calls: u64,
}

/// A turn of tasks.
#[expect(clippy::cast_precision_loss, reason = "fewer calls than 2^52")]
pub(super) fn take(bench: &Bench, contestant: &Async, load: &Load) -> Result<Turn> {
    let drive = |load| bench.run(Arc::clone(&contestant.entrant).drive(load));
    drive(warm_up(bench, load))?;
    let (runs, spent) = (body::runs(), processor_time());
    let mut driven = drive(load.clone())?;
    let spent = processor_time().saturating_sub(spent);
    let (calls, runs) = (driven.calls, body::runs() - runs);
    driven.calls = calls.saturating_sub(runs);
    Ok(Turn {
        rate: driven.rate(),
        cost: micros(spent) / driven.calls as f64,
        runs,
        calls,
    })
}

/// What all threads of this process have had so far.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.try_into().unwrap_or_default()
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

/// What the rounds of a sweep gave.
#[derive(Debug)]
pub(super) struct Rounds {
    /// Hits a second.
    pub(super) rates: Vec<Swept>,
    /// Microseconds of processor time a hit.
    pub(super) costs: Vec<Swept>,
}

impl Rounds {
    pub(super) fn of(all: &[Async], points: usize) -> Self {
        Self {
            rates: Swept::each(all, points),
            costs: Swept::each(all, points),
        }
    }

    /// One turn of each contestant at a point of the sweep.
    pub(super) fn add(
        &mut self,
        bench: &Bench,
        all: &[Async],
        load: &Load,
        at: usize,
        scores: &mut Scores,
    ) {
        for contestant in drawn(all) {
            // A round that gave nothing keeps its place: relations are taken within one.
            let (rate, cost) = match take(bench, &contestant, load) {
                Ok(turn) => {
                    scores.note_runs(contestant.name, turn.runs, turn.calls);
                    (turn.rate, turn.cost)
                }
                Err(error) => {
                    scores.note(format!(
                        "{} failed at {} callers: {error:#}.",
                        contestant.name, load.callers
                    ));
                    (f64::NAN, f64::NAN)
                }
            };
            push(&mut self.rates, contestant.name, at, rate);
            push(&mut self.costs, contestant.name, at, cost);
        }
    }
}

fn push(series: &mut [Swept], name: &str, at: usize, figure: f64) {
    let swept = series.iter_mut().find(|swept| swept.name == name);
    if let Some(swept) = swept {
        swept.points[at].push(figure);
    }
}
