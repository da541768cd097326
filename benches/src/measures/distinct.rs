//! Traffic in which no input comes twice, before a body that takes its time: what caching costs when it never helps.

use std::time::Duration;

use anyhow::Result;

use super::hits::alternate;
use super::preparation::rotated;
use super::scores::Scores;
use crate::bench::Bench;
use crate::contestants::{self, UNCACHED};
use crate::report::{Better, Column, Comparison, Finding, Section};
use crate::stats::quantile;
use crate::work::Work;
use crate::{body, input};

const BODY: Duration = Duration::from_millis(5);

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    let mut all = bench.run(contestants::as_shipped())?;
    all.push(contestants::uncached());
    let mut scores = Scores::default();
    let _slow = body::Slow::new(BODY);
    let work = Work::KIB;
    for round in 0..bench.plan.rounds {
        let inputs = input::fresh(bench.plan.slow_samples, work.input);
        let turns = alternate(
            rotated(&all, round),
            work.answer,
            inputs,
            bench.plan.slow_samples,
        );
        for (contestant, times) in bench.run(turns)? {
            match times {
                Ok(times) => {
                    let times: Vec<_> = times.iter().map(|micros| micros / 1e3).collect();
                    scores.add(
                        &contestant,
                        &[quantile(&times, 0.5), quantile(&times, 0.99)],
                    );
                }
                Err(error) => scores.fail(contestant.name, &error),
            }
        }
    }
    let (entries, notes) = scores.finish();
    Ok(Section {
        title: "Distinct traffic before a body of 5 ms",
        about: "No input comes twice. The body is a fixed amount of work that takes 5 ms on a quiet core, so that what the \
                cache takes from it in the background counts as well."
            .to_owned(),
        findings: vec![Finding::Comparison(Comparison {
            id: "distinct".to_owned(),
            question: "What does caching cost when it never helps?".to_owned(),
            unit: "ms a call",
            better: Better::Lower,
            reference: UNCACHED,
            columns: vec![
                Column {
                    heading: "p50",
                    relative: true,
                },
                Column {
                    heading: "p99",
                    relative: true,
                },
            ],
            entries,
            notes,
        })],
    })
}
