//! Many callers at once with the same new input.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use super::scores::Scores;
use super::turns::drawn;
use crate::bench::Bench;
use crate::contestants::{self, Async, UNCACHED};
use crate::report::{Better, Column, Comparison, Finding, Section};
use crate::stats::millis;
use crate::work::Work;
use crate::{body, input};

const CALLERS: usize = 64;
const BODY: Duration = Duration::from_millis(5);

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    let mut all = bench.run(contestants::as_shipped())?;
    all.push(contestants::uncached());
    let mut scores = Scores::default();
    let _slow = body::Slow::new(BODY);
    for _ in 0..bench.plan.turns {
        for contestant in drawn(&all) {
            if scores.has_failed(contestant.name) {
                continue;
            }
            match bench.run(at_once(contestant.clone())) {
                Ok((time, runs)) => scores.add(&contestant, &[millis(time), runs]),
                Err(error) => scores.fail(contestant.name, &error),
            }
        }
    }
    let (entries, notes) = scores.finish();
    Ok(Section {
        title: "64 identical calls at once",
        about: "64 tasks call with the same new input at once; the body takes 5 ms of a core. Counted until the last has its \
                answer."
            .to_owned(),
        findings: vec![Finding::Comparison(Comparison {
            id: "stampede".to_owned(),
            question: "How long until 64 callers with the same new input have their answer?".to_owned(),
            unit: "ms until the last is answered",
            better: Better::Lower,
            reference: UNCACHED,
            columns: vec![
                Column {
                    heading: "ms",
                    relative: true,
                },
                Column {
                    heading: "runs of the body",
                    relative: false,
                },
            ],
            entries,
            notes,
        })],
    })
}

#[expect(clippy::cast_precision_loss, reason = "few runs")]
async fn at_once(contestant: Async) -> Result<(Duration, f64)> {
    let work = Work::KIB;
    let input = input::one(work.input);
    let before = body::runs();
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let entrant = Arc::clone(&contestant.entrant);
        let input = input.clone();
        tasks.spawn(async move { entrant.call(work.answer, &input).await });
    }
    while let Some(reply) = tasks.join_next().await {
        reply??;
    }
    let time = start.elapsed();
    Ok((time, (body::runs() - before) as f64))
}
