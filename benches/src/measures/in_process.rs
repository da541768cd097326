//! Hits in the process.

use anyhow::Result;

use super::hits::alternate;
use super::preparation::{pool_size, store};
use super::scores::Scores;
use super::turns::drawn;
use crate::bench::Bench;
use crate::contestants;
use crate::input;
use crate::report::{Better, Column, Comparison, Finding, Section};
use crate::stats::quantile;
use crate::work::Work;

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    let mut findings = Vec::new();
    for work in [Work::FLOATS, Work::KIB, Work::ONE_MIB] {
        findings.push(one_caller(bench, work)?);
    }
    Ok(Section {
        title: "Hits in the process",
        about: "The value is in this process: what the peers' memory tiers cost. `#[handler_cache]` has none yet, so its hits \
                come from Redis."
            .to_owned(),
        findings,
    })
}

fn one_caller(bench: &Bench, work: Work) -> Result<Finding> {
    let mut scores = Scores::default();
    let all = bench.run(contestants::in_process())?;
    let inputs = input::fresh(pool_size(work.input), work.input);
    let mut ready = store(bench, &all, work.answer, &inputs, &mut scores);
    ready.push(contestants::hash());
    for _ in 0..bench.plan.rounds {
        let turns = alternate(
            drawn(&ready),
            work.answer,
            inputs.clone(),
            bench.plan.samples,
        );
        for (contestant, times) in bench.run(turns)? {
            match times {
                Ok(times) => {
                    scores.add(&contestant, &[quantile(&times, 0.5), quantile(&times, 0.0)]);
                }
                Err(error) => scores.fail(contestant.name, &error),
            }
        }
    }
    let (entries, notes) = scores.finish();
    Ok(Finding::Comparison(Comparison {
        id: format!("near-{}", super::hits::slug(work)),
        question: format!("What does a hit in the process cost? {}", work.name),
        unit: "µs a call",
        better: Better::Lower,
        reference: "by hand: blake3 + HashMap",
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
