//! A full cache that has to evict, as its bound grows.

use anyhow::{Result, ensure};

use super::batches::Batches;
use super::hits::alternate;
use super::preparation::{pool_size, store};
use super::scores::Scores;
use super::turns::drawn;
use crate::bench::Bench;
use crate::contestants::{self, Async, RAW};
use crate::report::{Better, Finding, Section, Sweep, Swept};
use crate::stats::median;
use crate::work::Answer;
use crate::{body, input, server};

const TASKS: usize = 64;

/// Small, so that a million fit.
const INPUT: usize = 64;
const VALUE: usize = 64;

const BATCHES: Batches = Batches {
    answer: Answer::Bytes,
    input: INPUT,
    tasks: TASKS,
};

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    let _long = body::Long::new(VALUE);
    let ours = contestants::bounded();
    let ours: Vec<_> = ours
        .into_iter()
        .filter(|(bound, _)| *bound <= bench.plan.largest_bound)
        .collect();
    let raw = bench
        .run(contestants::in_redis())?
        .into_iter()
        .find(|contestant| contestant.name == RAW);
    let mut evicting_misses: Vec<Swept> = Vec::new();
    let mut hits: Vec<Swept> = Vec::new();
    for (at, (bound, contestant)) in ours.iter().enumerate() {
        let python = bench.run(contestants::python_bounded(*bound))?;
        let all: Vec<_> = [Some(contestant.clone()), Some(python), raw.clone()]
            .into_iter()
            .flatten()
            .collect();
        server::get().clear()?;
        for contestant in &all {
            fill(bench, contestant, *bound)?;
        }
        for _ in 0..bench.plan.rounds {
            for contestant in drawn(&all) {
                let rate = BATCHES.store(bench, &contestant, bench.plan.misses)?.rate();
                point(&mut evicting_misses, &contestant, ours.len())[at].push(rate);
            }
        }
        if let Some(raw) = &raw {
            for (who, rounds) in hits_of(bench, contestant, raw)? {
                point(&mut hits, &who, ours.len())[at] = rounds;
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "at most a million")]
    let bounds: Vec<_> = ours.iter().map(|(bound, _)| *bound as f64).collect();
    Ok(Section {
        title: "Growth of `maxsize`",
        about: format!(
            "64 tasks, every input new, the cache full: each miss evicts. Values of {VALUE} bytes; counted until everything \
             is in Redis. `#[handler_cache]` evicts the least recently used, the Python decorator a random key, the raw \
             baseline nothing: it only reads and writes beside as many entries. All three are full at once, and take turns by \
             {misses} misses. None of the peers has a bound in Redis. Hits are those of one caller on the full cache, who takes turns with the raw baseline.",
            misses = bench.plan.misses,
        ),
        findings: vec![
            Finding::Sweep(Sweep {
                id: "maxsize-hits".to_owned(),
                question: "Do hits slow down as maxsize grows?".to_owned(),
                axis: "maxsize, entries",
                at: bounds.clone(),
                unit: "µs a call",
                better: Better::Lower,
                reference: RAW,
                series: hits,
                notes: Vec::new(),
            }),
            Finding::Sweep(Sweep {
                id: "maxsize".to_owned(),
                question: "Do evicting misses slow down as maxsize grows?".to_owned(),
                axis: "maxsize, entries",
                at: bounds,
                unit: "evicting misses a second",
                better: Better::Higher,
                reference: RAW,
                series: evicting_misses,
                notes: Vec::new(),
            }),
        ],
    })
}

/// The medians of single hits, for the contestant and for the raw baseline.
fn hits_of(bench: &Bench, contestant: &Async, raw: &Async) -> Result<Vec<(Async, Vec<f64>)>> {
    let mut scores = Scores::default();
    let inputs = input::fresh(pool_size(INPUT), INPUT);
    let turns = [contestant.clone(), raw.clone()];
    let ready = store(bench, &turns, Answer::Bytes, &inputs, &mut scores);
    let mut rounds: Vec<_> = ready.iter().cloned().map(|who| (who, Vec::new())).collect();
    for _ in 0..bench.plan.rounds {
        let taken = alternate(
            ready.clone(),
            Answer::Bytes,
            inputs.clone(),
            bench.plan.samples,
        );
        for ((_, rounds), (_, times)) in rounds.iter_mut().zip(bench.run(taken)?) {
            rounds.push(median(&times?));
        }
    }
    Ok(rounds)
}

/// Stores as many entries as fit.
fn fill(bench: &Bench, contestant: &Async, bound: u64) -> Result<()> {
    let before = server::get().keys()?;
    BATCHES.store(bench, contestant, usize::try_from(bound)?)?;
    let keys = server::get().keys()?.saturating_sub(before);
    ensure!(
        keys >= bound,
        "{} has {keys} keys where {bound} were stored",
        contestant.name
    );
    Ok(())
}

fn point<'s>(series: &'s mut Vec<Swept>, contestant: &Async, points: usize) -> &'s mut [Vec<f64>] {
    let at = series
        .iter()
        .position(|swept| swept.name == contestant.name)
        .unwrap_or_else(|| {
            series.push(Swept {
                name: contestant.name,
                kind: contestant.kind,
                points: vec![Vec::new(); points],
            });
            series.len() - 1
        });
    &mut series[at].points
}
