//! A full cache that has to evict, as its bound grows.

use anyhow::{Result, ensure};

use super::batches::Batches;
use crate::bench::Bench;
use crate::contestants::{self, Async, RAW};
use crate::report::{Better, Finding, Section, Sweep, Swept};
use crate::work::Answer;
use crate::{body, server};

const TASKS: usize = 64;

/// Small, so that a million fit.
const INPUT: usize = 64;
const VALUE: usize = 64;

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
    let mut series: Vec<Swept> = Vec::new();
    for (at, (bound, contestant)) in ours.iter().enumerate() {
        let python = bench.run(contestants::python_bounded(*bound))?;
        for contestant in [Some(contestant.clone()), Some(python), raw.clone()]
            .into_iter()
            .flatten()
        {
            server::get().clear()?;
            let rounds = evicting(bench, &contestant, *bound)?;
            point(&mut series, &contestant, ours.len())[at] = rounds;
        }
    }
    Ok(Section {
        title: "Growth of `maxsize`",
        about: format!(
            "64 tasks, every input new, the cache full: each miss evicts. Values of {VALUE} bytes; counted until everything \
             is in Redis. `#[handler_cache]` evicts the least recently used, the Python decorator a random key, the raw \
             baseline nothing: it only reads and writes beside as many entries. None of the peers has a bound in Redis."
        ),
        findings: vec![Finding::Sweep(Sweep {
            id: "maxsize".to_owned(),
            question: "Do evicting misses slow down as maxsize grows?".to_owned(),
            axis: "maxsize, entries",
            #[expect(clippy::cast_precision_loss, reason = "at most a million")]
            at: ours.iter().map(|(bound, _)| *bound as f64).collect(),
            unit: "evicting misses a second",
            better: Better::Higher,
            reference: RAW,
            series,
            notes: Vec::new(),
        })],
    })
}

fn evicting(bench: &Bench, contestant: &Async, bound: u64) -> Result<Vec<f64>> {
    let batches = Batches {
        answer: Answer::Bytes,
        input: INPUT,
        tasks: TASKS,
    };
    batches.store(bench, contestant, usize::try_from(bound)?)?;
    let keys = server::get().keys()?;
    ensure!(
        keys >= bound,
        "{} has {keys} keys where {bound} were stored",
        contestant.name
    );
    (0..bench.plan.rounds)
        .map(|_| Ok(batches.store(bench, contestant, bench.plan.misses)?.rate()))
        .collect()
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
