//! Hits from Redis, from threads.

use anyhow::Result;
use bytes::Bytes;

use super::preparation::{pool_size, store_blocking};
use super::scores::Scores;
use super::turns::{drawn, take_blocking};
use crate::bench::Bench;
use crate::contestants::{self, BY_HAND, Blocking, Load, RAW, Until};
use crate::input;
use crate::report::{Better, Column, Comparison, Finding, Section, Sweep, Swept};
use crate::stats::{micros, quantile};
use crate::work::Work;

const THREADS: [usize; 4] = [1, 4, 16, 64];

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    let all = contestants::blocking();
    let mut findings = Vec::new();
    for work in [Work::FLOATS, Work::KIB] {
        findings.push(one_thread(bench, &all, work)?);
        findings.push(many_threads(bench, &all, work)?);
    }
    Ok(Section {
        title: "Hits from Redis, blocking",
        about: "Plain threads, no runtime. The baselines have a connection for each thread; the peers pool theirs, as many as \
                there are threads. Several threads have turns of a tenth of a second, after a while that does not count, in an \
                order that is drawn."
            .to_owned(),
        findings,
    })
}

fn one_thread(bench: &Bench, all: &[Blocking], work: Work) -> Result<Finding> {
    let mut scores = Scores::default();
    let inputs = input::fresh(pool_size(work.input), work.input);
    let ready = store_blocking(all, work.answer, &inputs, &mut scores);
    for _ in 0..bench.plan.rounds {
        for contestant in drawn(&ready) {
            let baselines = ready.iter().filter(|other| {
                [RAW, BY_HAND].contains(&other.name) && other.name != contestant.name
            });
            let turns: Vec<_> = [&contestant].into_iter().chain(baselines).collect();
            for (other, times) in turns.iter().zip(in_turns(bench, &turns, work, &inputs)?) {
                let figures = [quantile(&times, 0.5), quantile(&times, 0.0)];
                if other.name == contestant.name {
                    scores.add(&contestant, &figures);
                } else {
                    scores.add_beside(&contestant, other.name, &figures);
                }
            }
        }
    }
    let (entries, notes) = scores.finish();
    Ok(Finding::Comparison(Comparison {
        id: format!("hit-thread-{}", super::hits::slug(work)),
        question: format!("How long does one thread wait for a hit? {}", work.name),
        unit: "µs a call",
        better: Better::Lower,
        reference: RAW,
        columns: vec![
            Column {
                heading: "median",
                relative: true,
            },
            Column {
                heading: "minimum",
                relative: true,
            },
        ],
        entries,
        notes,
    }))
}

/// Times single calls, one of each in turn.
fn in_turns(
    bench: &Bench,
    turns: &[&Blocking],
    work: Work,
    inputs: &[Bytes],
) -> Result<Vec<Vec<f64>>> {
    let mut times = vec![Vec::new(); turns.len()];
    for sample in 0..bench.plan.samples {
        let input = &inputs[sample % inputs.len()];
        for turn in 0..turns.len() {
            let at = (sample + turn) % turns.len();
            times[at].push(micros(turns[at].entrant.time(work.answer, input)?));
        }
    }
    Ok(times)
}

#[expect(clippy::cast_precision_loss, reason = "few threads")]
fn many_threads(bench: &Bench, all: &[Blocking], work: Work) -> Result<Finding> {
    let mut scores = Scores::default();
    let inputs = input::fresh(pool_size(work.input), work.input);
    let ready = store_blocking(all, work.answer, &inputs, &mut scores);
    let mut series = Swept::each(&ready, THREADS.len());
    let points: Vec<_> = THREADS.into_iter().enumerate().collect();
    for _ in 0..bench.plan.turns {
        for (at, threads) in drawn(&points) {
            let load = Load {
                answer: work.answer,
                callers: threads,
                inputs: inputs.clone().into(),
                until: Until::Elapsed(bench.plan.slice),
            };
            for contestant in drawn(&ready) {
                let rate = take_blocking(bench, &contestant, &load)?;
                let swept = series
                    .iter_mut()
                    .find(|swept| swept.name == contestant.name);
                if let Some(swept) = swept {
                    swept.points[at].push(rate);
                }
            }
        }
    }
    let (_, notes) = scores.finish();
    Ok(Finding::Sweep(Sweep {
        id: format!("hit-threads-{}", super::hits::slug(work)),
        question: format!("How many hits a second do threads get? {}", work.name),
        axis: "threads",
        at: THREADS.iter().map(|threads| *threads as f64).collect(),
        unit: "hits a second",
        better: Better::Higher,
        reference: RAW,
        series,
        notes,
    }))
}
