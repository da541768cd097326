//! Hits from Redis, from async tasks.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;

use super::company::Company;
use super::preparation::{fewer, pool_size, store};
use super::scores::Scores;
use super::turns::drawn;
use crate::bench::Bench;
use crate::contestants::{self, Async, BY_HAND, Load, RAW, Until};
use crate::input;
use crate::report::{Better, Column, Comparison, Finding, Section};
use crate::stats::{micros, quantile};
use crate::work::{Answer, Work};

const TASKS: usize = 64;

/// How many times longer a turn is where each call takes milliseconds.
const LONGER: u32 = 5;

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    let all = bench.run(contestants::in_redis())?;
    let mut findings = Vec::new();
    for work in Work::ALL {
        findings.push(one_caller(bench, &all, work)?);
        if work.input <= bench.plan.largest_input {
            findings.push(many_callers(bench, &all, work));
        }
    }
    Ok(Section {
        title: "Hits from Redis, async",
        about: "The value is in Redis and nowhere else: caches in the process are off. Each contestant takes turns \
                with the baselines: one caller call by call, 64 tasks by turns of a tenth of a second, after a while that does not count, in \
                an order that is drawn. A look-up of `#[handler_cache]` may take \
                half a second here, as those of its peers by default; its own default of 50 ms would give up where 64 tasks want \
                more than the machine can carry."
            .to_owned(),
        findings,
    })
}

fn one_caller(bench: &Bench, all: &[Async], work: Work) -> Result<Finding> {
    let mut scores = Scores::default();
    let inputs = input::fresh(pool_size(work.input), work.input);
    let mut ready = store(bench, all, work.answer, &inputs, &mut scores);
    ready.push(contestants::hash());
    let samples = fewer(bench.plan.samples, work.input);
    let company = Company {
        bench,
        baselines: &baselines(&ready),
    };
    for _ in 0..bench.plan.rounds {
        for contestant in drawn(&ready) {
            company.single_calls(
                &contestant,
                work.answer,
                inputs.clone(),
                samples,
                |times| vec![quantile(times, 0.5), quantile(times, 0.0)],
                &mut scores,
            )?;
        }
    }
    let (entries, notes) = scores.finish();
    Ok(Finding::Comparison(Comparison {
        id: format!("hit-1-{}", slug(work)),
        question: format!("How long does one caller wait for a hit? {}", work.name),
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

fn many_callers(bench: &Bench, all: &[Async], work: Work) -> Finding {
    let mut scores = Scores::default();
    // An input for each: callers with the same one would share an answer where calls are coalesced.
    let inputs = input::fresh(TASKS, work.input);
    let ready = store(bench, all, work.answer, &inputs, &mut scores);
    // Of the longest calls a usual turn would have too few.
    let (rounds, slice) = if work.input > Work::ONE_MIB.input {
        (bench.plan.rounds, bench.plan.slice * LONGER)
    } else {
        (bench.plan.turns, bench.plan.slice)
    };
    let load = Load {
        answer: work.answer,
        callers: TASKS,
        inputs: inputs.into(),
        until: Until::Elapsed(slice),
    };
    let company = Company {
        bench,
        baselines: &baselines(&ready),
    };
    for _ in 0..rounds {
        for contestant in drawn(&ready) {
            company.hits_at_once(&contestant, &load, &mut scores);
        }
    }
    let (entries, notes) = scores.finish();
    Finding::Comparison(Comparison {
        id: format!("hit-64-{}", slug(work)),
        question: format!("How many hits a second do 64 tasks get? {}", work.name),
        unit: "hits a second",
        better: Better::Higher,
        reference: RAW,
        columns: vec![Column {
            heading: "hits/s",
            relative: true,
        }],
        entries,
        notes,
    })
}

/// With whom all others take turns.
pub(super) fn baselines(ready: &[Async]) -> Vec<Async> {
    let is_baseline = |contestant: &&Async| [RAW, BY_HAND].contains(&contestant.name);
    ready.iter().filter(is_baseline).cloned().collect()
}

/// Times single calls, a call of each contestant in turn.
pub(super) async fn alternate(
    all: Vec<Async>,
    answer: Answer,
    inputs: Vec<Bytes>,
    samples: usize,
) -> Result<Vec<(Async, Result<Vec<f64>>)>> {
    let mut results: Vec<_> = all
        .into_iter()
        .map(|contestant| (contestant, Ok(Vec::with_capacity(samples))))
        .collect();
    let contestants = results.len();
    for sample in 0..samples {
        let input = &inputs[sample % inputs.len()];
        for turn in 0..contestants {
            let (contestant, times) = &mut results[(sample + turn) % contestants];
            let Ok(taken) = times else { continue };
            input::receive(input);
            let time: Result<Duration> = contestant.entrant.time(answer, input).await;
            match time {
                Ok(time) => taken.push(micros(time)),
                Err(error) => *times = Err(error),
            }
        }
    }
    Ok(results)
}

/// A work's name in file names.
pub(super) fn slug(work: Work) -> &'static str {
    match (work.input, work.answer) {
        (784, Answer::Floats) => "784b-floats",
        (784, Answer::Bytes) => "784b-1kib",
        (1_048_576, _) => "1mib-1kib",
        _ => "10mib-1kib",
    }
}
