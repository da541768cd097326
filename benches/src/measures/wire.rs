//! What the connection of our own gains, against the client library's in its place.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::misses::settled_apart;
use super::preparation::store;
use super::scores::Scores;
use super::turns::{Rounds, drawn};
use crate::bench::Bench;
use crate::contestants::{self, Async, Driven, Load, OVER_LIBRARY, Until};
use crate::input;
use crate::report::{Better, Finding, Section, Sweep, Swept};
use crate::server;
use crate::work::Work;

const TASKS: [usize; 3] = [1, 4, MOST_TASKS];

const MOST_TASKS: usize = 64;

/// New values before it is waited until they are in Redis: so few that none are dropped.
const BATCH: usize = 500;

const WORK: Work = Work::KIB;

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    ensure!(
        cfg!(redis_cache_library_connection),
        "built without the client library's connection"
    );
    let all = contestants::on_both_connections();
    let mut findings = Vec::from(hits(bench, &all));
    findings.push(misses(bench, &all)?);
    Ok(Section {
        title: "What the connection of our own gains",
        about: "Look-ups of tasks go through a connection that this crate drives itself (`conn/wire`). Here the same handler has the client \
                library's `MultiplexedConnection` in its place, in a build that only this benchmark makes; all else is the same, \
                stores included, which go through the library's in any case. Both take turns within each round, in an order that is drawn. \
                Misses are counted as callers get their answers; what they have stored reaches Redis between the turns."
            .to_owned(),
        findings,
    })
}

fn hits(bench: &Bench, all: &[Async]) -> [Finding; 2] {
    let mut scores = Scores::default();
    let inputs = input::fresh(MOST_TASKS, WORK.input);
    let ready = store(bench, all, WORK.answer, &inputs, &mut scores);
    let mut rounds = Rounds::of(&ready, TASKS.len());
    let points: Vec<_> = TASKS.into_iter().enumerate().collect();
    for _ in 0..bench.plan.turns {
        for (at, callers) in drawn(&points) {
            let load = Load {
                answer: WORK.answer,
                callers,
                inputs: inputs.clone().into(),
                until: Until::Elapsed(bench.plan.slice),
            };
            rounds.add(bench, &ready, &load, at, &mut scores);
        }
    }
    let (_, notes) = scores.finish();
    let rates = sweep(
        "wire-hits",
        "What does the connection of our own gain for hits?",
        rounds.rates,
    );
    let costs = sweep(
        "wire-hits-cost",
        "What does a hit cost the process that asks, on either connection?",
        rounds.costs,
    );
    [
        Finding::Sweep(Sweep { notes, ..rates }),
        Finding::Sweep(Sweep {
            unit: "µs of processor time a hit",
            better: Better::Lower,
            ..costs
        }),
    ]
}

fn misses(bench: &Bench, all: &[Async]) -> Result<Finding> {
    let mut series = Swept::each(all, TASKS.len());
    let points: Vec<_> = TASKS.into_iter().enumerate().collect();
    for _ in 0..bench.plan.turns {
        server::get().clear()?;
        for (at, callers) in drawn(&points) {
            for contestant in drawn(all) {
                let rate = misses_in_a_turn(bench, &contestant, callers)?.rate();
                let swept = series
                    .iter_mut()
                    .find(|swept| swept.name == contestant.name);
                if let Some(swept) = swept {
                    swept.points[at].push(rate);
                }
            }
        }
    }
    Ok(Finding::Sweep(sweep(
        "wire-misses",
        "What does the connection of our own gain for misses?",
        series,
    )))
}

/// Batches until the turn is over. The first does not count.
fn misses_in_a_turn(bench: &Bench, contestant: &Async, callers: usize) -> Result<Driven> {
    let batch = || {
        let load = Load {
            answer: WORK.answer,
            callers,
            inputs: input::fresh(BATCH, WORK.input).into(),
            until: Until::Done,
        };
        bench.run(settled_apart(contestant.clone(), load))
    };
    batch()?;
    let mut total = Driven {
        calls: 0,
        time: Duration::ZERO,
    };
    while total.time < bench.plan.slice {
        let driven = batch()?;
        total.calls += driven.calls;
        total.time += driven.time;
    }
    Ok(total)
}

#[expect(clippy::cast_precision_loss, reason = "few tasks")]
fn sweep(id: &str, question: &str, series: Vec<Swept>) -> Sweep {
    Sweep {
        id: id.to_owned(),
        question: format!("{question} {}", WORK.name),
        axis: "tasks",
        at: TASKS.iter().map(|tasks| *tasks as f64).collect(),
        unit: "calls a second",
        better: Better::Higher,
        reference: OVER_LIBRARY,
        series,
        notes: Vec::new(),
    }
}
