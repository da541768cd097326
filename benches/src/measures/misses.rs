//! Misses before a body that costs nothing.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use redis_cache_runtime::ErrorKind;

use super::company::Company;
use super::hits::slug;
use super::preparation::fewer;
use super::scores::Scores;
use super::turns::drawn;
use crate::bench::Bench;
use crate::contestants::{self, Async, BY_HAND, Driven, LOOKED_UP, Load, RAW, Until};
use crate::report::{Better, Column, Comparison, Finding, Section};
use crate::stats::quantile;
use crate::work::Work;
use crate::{input, server};

const TASKS: usize = 64;

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    let mut all = bench.run(contestants::as_shipped())?;
    let storing = all.clone();
    all.push(bench.run(contestants::looked_up())?);
    let mut findings = Vec::new();
    for work in [Work::FLOATS, Work::KIB, Work::ONE_MIB] {
        findings.push(one_caller(bench, &all, work)?);
    }
    findings.push(many_callers(bench, &storing, Work::KIB)?);
    Ok(Section {
        title: "Misses",
        about: "Every input is new, and the body takes next to nothing: what is left is the cache's own cost. The reference \
                hashes, looks up, runs the body and stores nothing. Each contestant takes turns with it. The others wait until Redis has stored; `#[handler_cache]` stores behind the caller's back, so the last measure counts until \
                everything is in Redis."
            .to_owned(),
        findings,
    })
}

fn one_caller(bench: &Bench, all: &[Async], work: Work) -> Result<Finding> {
    let mut scores = Scores::default();
    let samples = fewer(bench.plan.samples / 2, work.input);
    let is_baseline = |contestant: &&Async| [LOOKED_UP, BY_HAND].contains(&contestant.name);
    let baselines: Vec<_> = all.iter().filter(is_baseline).cloned().collect();
    let company = Company {
        bench,
        baselines: &baselines,
    };
    for _ in 0..bench.plan.rounds {
        for contestant in drawn(all) {
            company.single_calls(
                &contestant,
                work.answer,
                input::fresh(samples, work.input),
                samples,
                |times| vec![quantile(times, 0.5), quantile(times, 0.0)],
                &mut scores,
            )?;
        }
    }
    let (entries, notes) = scores.finish();
    Ok(Finding::Comparison(Comparison {
        id: format!("miss-1-{}", slug(work)),
        question: format!("How long does one caller wait for a miss? {}", work.name),
        unit: "µs a call",
        better: Better::Lower,
        reference: LOOKED_UP,
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

fn many_callers(bench: &Bench, all: &[Async], work: Work) -> Result<Finding> {
    let mut scores = Scores::default();
    for _ in 0..bench.plan.turns {
        server::get().clear()?;
        for contestant in drawn(all) {
            let load = Load {
                answer: work.answer,
                callers: TASKS,
                inputs: input::fresh(bench.plan.misses, work.input).into(),
                until: Until::Done,
            };
            match settled_share(bench, &contestant, load) {
                Ok((driven, share)) => {
                    // What was dropped did not get there.
                    scores.add(&contestant, &[driven.rate() * share / 100.0, share]);
                }
                Err(error) => scores.fail(contestant.name, &error),
            }
        }
    }
    let (entries, notes) = scores.finish();
    Ok(Finding::Comparison(Comparison {
        id: format!("miss-64-{}", slug(work)),
        question: format!(
            "How many misses a second do 64 tasks get through and into Redis? {}",
            work.name
        ),
        unit: "misses a second",
        better: Better::Higher,
        reference: RAW,
        columns: vec![
            Column {
                heading: "misses/s",
                relative: true,
            },
            Column {
                heading: "values that reached Redis, %",
                relative: false,
            },
        ],
        entries,
        notes,
    }))
}

/// How fast new values went, and the share of them in percent that is in Redis then: who stores in the background may
/// drop what it can't keep up with.
#[expect(clippy::cast_precision_loss, reason = "few keys")]
pub(super) fn settled_share(
    bench: &Bench,
    contestant: &Async,
    load: Load,
) -> Result<(Driven, f64)> {
    let before = server::get().keys()?;
    let driven = bench.run(until_over(contestant.clone(), load))?;
    let stored = server::get().keys()?.saturating_sub(before);
    // A cache's own bookkeeping is no value.
    let share = (stored as f64 / driven.calls as f64).min(1.0);
    Ok((driven, share * 100.0))
}

/// Counts the time until everything is in Redis or dropped.
async fn until_over(contestant: Async, load: Load) -> Result<Driven> {
    let start = Instant::now();
    let driven = Arc::clone(&contestant.entrant).drive(load).await?;
    let settled = contestant.entrant.settle().await;
    let time = start.elapsed();
    match settled {
        Err(error) if !is_loss(&error) => Err(error),
        Ok(()) | Err(_) => Ok(Driven { time, ..driven }),
    }
}

/// Whether that says that values were not stored.
fn is_loss(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<redis_cache_runtime::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::NotStored)
}

/// Counts the time until all have their answers; returns when everything is in Redis.
pub(super) async fn settled_apart(contestant: Async, load: Load) -> Result<Driven> {
    let driven = Arc::clone(&contestant.entrant).drive(load).await?;
    contestant.entrant.settle().await?;
    Ok(driven)
}

/// Counts the time until everything is in Redis.
pub(super) async fn until_settled(contestant: Async, load: Load) -> Result<Driven> {
    let start = Instant::now();
    let driven = Arc::clone(&contestant.entrant).drive(load).await?;
    contestant.entrant.settle().await?;
    Ok(Driven {
        time: start.elapsed(),
        ..driven
    })
}
