//! Hits while there are more tasks, and while values grow.

use std::sync::Arc;

use anyhow::Result;

use super::preparation::store;
use super::scores::Scores;
use crate::bench::Bench;
use crate::contestants::{self, Async, Load, RAW, Until};
use crate::report::{Better, Finding, Section, Sweep, Swept};
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
        about: "Hits from Redis as traffic and values grow; what was no hit is not counted. A look-up of `#[handler_cache]` may take \
                half a second, as above."
            .to_owned(),
        findings: vec![tasks(bench, &all), values(bench, &all)],
    })
}

#[expect(clippy::cast_precision_loss, reason = "few tasks")]
fn tasks(bench: &Bench, all: &[Async]) -> Finding {
    let mut scores = Scores::default();
    let work = Work::KIB;
    let inputs: Arc<[_]> = input::fresh(MOST_TASKS, work.input).into();
    let ready = store(bench, all, work.answer, &inputs, &mut scores);
    let mut series = empty(&ready, TASKS.len());
    for _ in 0..bench.plan.rounds {
        for (at, callers) in TASKS.into_iter().enumerate() {
            let load = Load {
                answer: work.answer,
                callers,
                inputs: Arc::clone(&inputs),
                until: Until::Elapsed(bench.plan.slice),
            };
            drive_all(bench, &ready, &load, &mut series, at, &mut scores);
        }
    }
    finding(
        Sweep {
            id: "growth-tasks".to_owned(),
            question: format!("How do hits scale with tasks? {}", work.name),
            axis: "tasks",
            at: TASKS.iter().map(|tasks| *tasks as f64).collect(),
            unit: "hits a second",
            better: Better::Higher,
            reference: RAW,
            series,
            notes: Vec::new(),
        },
        scores,
    )
}

#[expect(clippy::cast_precision_loss, reason = "small values")]
fn values(bench: &Bench, all: &[Async]) -> Finding {
    let mut scores = Scores::default();
    let mut series = empty(all, VALUES.len());
    for (at, length) in VALUES.into_iter().enumerate() {
        let _long = body::Long::new(length);
        let inputs: Arc<[_]> = input::fresh(CALLERS, Work::KIB.input).into();
        let ready = store(bench, all, Answer::Bytes, &inputs, &mut scores);
        series.retain(|swept| ready.iter().any(|contestant| contestant.name == swept.name));
        let load = Load {
            answer: Answer::Bytes,
            callers: CALLERS,
            inputs,
            until: Until::Elapsed(bench.plan.slice),
        };
        for _ in 0..bench.plan.rounds {
            drive_all(bench, &ready, &load, &mut series, at, &mut scores);
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
            series,
            notes: Vec::new(),
        },
        scores,
    )
}

fn finding(mut sweep: Sweep, scores: Scores) -> Finding {
    (_, sweep.notes) = scores.finish();
    Finding::Sweep(sweep)
}

fn empty(all: &[Async], points: usize) -> Vec<Swept> {
    all.iter()
        .map(|contestant| Swept {
            name: contestant.name,
            kind: contestant.kind,
            points: vec![Vec::new(); points],
        })
        .collect()
}

/// One slice of each contestant.
fn drive_all(
    bench: &Bench,
    all: &[Async],
    load: &Load,
    series: &mut [Swept],
    at: usize,
    scores: &mut Scores,
) {
    for contestant in all {
        let Some(swept) = series
            .iter_mut()
            .find(|swept| swept.name == contestant.name)
        else {
            continue;
        };
        let entrant = Arc::clone(&contestant.entrant);
        let before = body::runs();
        match bench.run(entrant.drive(load.clone())) {
            Ok(mut driven) => {
                let runs = body::runs() - before;
                driven.calls = driven.calls.saturating_sub(runs);
                swept.points[at].push(driven.rate());
            }
            Err(error) => scores.note(format!(
                "{} failed at {} {}: {error:#}.",
                contestant.name, load.callers, "callers"
            )),
        }
    }
}
