//! Traffic in which no input comes twice, before a body that takes its time: what caching costs when it never helps.

use std::time::Duration;

use anyhow::Result;

use super::company::Company;
use super::scores::Scores;
use super::turns::drawn;
use crate::bench::Bench;
use crate::contestants::{self, UNCACHED};
use crate::report::{Better, Column, Comparison, Finding, Section};
use crate::stats::quantile;
use crate::work::Work;
use crate::{body, input};

const BODY: Duration = Duration::from_millis(5);

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    let mut all = bench.run(contestants::as_shipped())?;
    all.push(bench.run(contestants::looked_up())?);
    all.push(contestants::round_trip()?);
    all.push(contestants::uncached());
    let mut scores = Scores::default();
    let _slow = body::Slow::new(BODY);
    let work = Work::KIB;
    let company = Company {
        bench,
        baselines: &[contestants::uncached()],
    };
    let samples = bench.plan.slow_samples;
    for _ in 0..bench.plan.rounds {
        for contestant in drawn(&all) {
            company.single_calls(
                &contestant,
                work.answer,
                input::fresh(samples, work.input),
                samples,
                |times| {
                    [0.5, 0.99]
                        .map(|share| quantile(times, share) / 1e3)
                        .to_vec()
                },
                &mut scores,
            )?;
        }
    }
    let (entries, notes) = scores.finish();
    Ok(Section {
        title: "Distinct traffic before a body of 5 ms",
        about: "No input comes twice. The body is a fixed amount of work that takes 5 ms on a quiet core, so that what the \
                cache takes from it in the background counts as well. Each contestant takes turns with the handler without a \
                cache. Nothing keeps the cores awake here: it would take its share of the body's. What only \
                exchanges a PING shows what a round trip costs a caller whose processor has done something else for 5 ms: less \
                than that only a cache can take that does not ask Redis before the body runs. What looks up and stores \
                nothing shows what it costs by the client library."
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
