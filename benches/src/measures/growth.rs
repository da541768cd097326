//! Hits while there are more tasks, and while values grow.

use std::sync::Arc;

use anyhow::Result;

use super::preparation::store;
use super::scores::Scores;
use super::turns::{Rounds, drawn};
use crate::bench::Bench;
use crate::contestants::{self, Async, Load, RAW, Until};
use crate::report::{Better, Finding, Section, Sweep};
use crate::work::{Answer, Work};
use crate::{body, input};

const TASKS: [usize; 5] = [1, 4, 16, 64, MOST_TASKS];

/// As many inputs as there are tasks at most: callers with the same one would share an answer where calls are coalesced.
const MOST_TASKS: usize = 256;

const VALUES: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
const CALLERS: usize = 64;

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    let all = bench.run(contestants::in_redis())?;
    Ok(Section {
        title: "Growth",
        about: format!(
            "Hits from Redis as traffic and values grow; what was no hit is not counted. In each of {rounds} rounds each contestant has \
             a turn of {slice} ms at each number of tasks, after {warm_up} ms that do not count; the order of the numbers, and of the \
             contestants at each, is drawn anew. Relations are taken between turns of one round and number, which lie within seconds of \
             each other, and stand as median and quartiles of the rounds. Each has one connection that all tasks share and the \
             callers' runtime drives, as its documentation has it: redis-rs' in most, fred's in cachekit-rs, its own in `#[handler_cache]`. The \
             baselines and kash wait for Redis without a deadline, the others for half a second, as above, which costs a timer. \
             Processor time is that of the whole process that asks, its background threads included and Redis not: it shows the same as the \
             rates, and depends less on who else has the cores.",
            rounds = bench.plan.turns,
            slice = bench.plan.slice.as_millis(),
            warm_up = bench.plan.warm_up.as_millis(),
        ),
        findings: tasks(bench, &all)
            .into_iter()
            .chain([values(bench, &all)])
            .collect(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "few tasks")]
fn tasks(bench: &Bench, all: &[Async]) -> [Finding; 2] {
    let mut scores = Scores::default();
    let work = Work::KIB;
    let inputs: Arc<[_]> = input::fresh(MOST_TASKS, work.input).into();
    let ready = store(bench, all, work.answer, &inputs, &mut scores);
    let mut rounds = Rounds::of(&ready, TASKS.len());
    let points: Vec<_> = TASKS.into_iter().enumerate().collect();
    for _ in 0..bench.plan.turns {
        for (at, callers) in drawn(&points) {
            let load = Load {
                answer: work.answer,
                callers,
                inputs: Arc::clone(&inputs),
                until: Until::Elapsed(bench.plan.slice),
            };
            rounds.add(bench, &ready, &load, at, &mut scores);
        }
    }
    let sweep = |id: &str, question, unit, better, series| Sweep {
        id: id.to_owned(),
        question: format!("{question} {}", work.name),
        axis: "tasks",
        at: TASKS.iter().map(|tasks| *tasks as f64).collect(),
        unit,
        better,
        reference: RAW,
        series,
        notes: Vec::new(),
    };
    let costs = sweep(
        "growth-tasks-cost",
        "What does a hit cost the process that asks, as tasks grow?",
        "µs of processor time a hit",
        Better::Lower,
        rounds.costs,
    );
    let rates = sweep(
        "growth-tasks",
        "How do hits scale with tasks?",
        "hits a second",
        Better::Higher,
        rounds.rates,
    );
    [finding(rates, scores), Finding::Sweep(costs)]
}

#[expect(clippy::cast_precision_loss, reason = "small values")]
fn values(bench: &Bench, all: &[Async]) -> Finding {
    let mut scores = Scores::default();
    let mut rounds = Rounds::of(all, VALUES.len());
    for (at, length) in VALUES.into_iter().enumerate() {
        let _long = body::Long::new(length);
        let inputs: Arc<[_]> = input::fresh(CALLERS, Work::KIB.input).into();
        let ready = store(bench, all, Answer::Bytes, &inputs, &mut scores);
        rounds
            .rates
            .retain(|swept| ready.iter().any(|contestant| contestant.name == swept.name));
        let load = Load {
            answer: Answer::Bytes,
            callers: CALLERS,
            inputs,
            until: Until::Elapsed(bench.plan.slice),
        };
        for _ in 0..bench.plan.turns {
            rounds.add(bench, &ready, &load, at, &mut scores);
        }
    }
    finding(
        Sweep {
            id: "growth-values".to_owned(),
            question: "How do hits of 64 tasks slow down as values grow?".to_owned(),
            axis: "bytes of a value",
            at: VALUES.iter().map(|length| *length as f64).collect(),
            unit: "hits a second",
            better: Better::Higher,
            reference: RAW,
            series: rounds.rates,
            notes: Vec::new(),
        },
        scores,
    )
}

fn finding(mut sweep: Sweep, scores: Scores) -> Finding {
    (_, sweep.notes) = scores.finish();
    Finding::Sweep(sweep)
}
