//! A server that accepts connections and answers nothing.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::{sleep, timeout};

use super::preparation::store;
use super::scores::Scores;
use super::turns::drawn;
use crate::bench::Bench;
use crate::contestants::{self, Async, RAW};
use crate::plan::Plan;
use crate::report::{Better, Column, Comparison, Finding, Section};
use crate::stats::{median, millis, quantile};
use crate::work::Work;
use crate::{body, input, server};

/// Between two calls.
const PAUSE: Duration = Duration::from_millis(10);

/// How long a contestant may take to give hits again.
const RECOVERY: Duration = Duration::from_secs(10);

/// One call while the server hangs.
struct Call {
    time: Duration,
    /// An error, or still no answer when it was given up.
    failed: bool,
}

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    let all = bench.run(contestants::as_shipped())?;
    let mut scores = Scores::default();
    let known = vec![input::one(Work::KIB.input)];
    let ready = store(bench, &all, Work::KIB.answer, &known, &mut scores);
    let rounds = std::iter::repeat_with(|| drawn(&ready)).take(bench.plan.long_rounds);
    for contestant in rounds.flatten() {
        let hung = server::get().hang()?;
        let calls = bench.run(calls(contestant.clone(), bench.plan));
        drop(hung);
        let back = bench.run(recovery(contestant.clone(), known[0].clone()))?;
        let calls = calls?;
        let times: Vec<_> = calls.iter().map(|call| millis(call.time)).collect();
        let failed: Vec<_> = calls
            .iter()
            .map(|call| if call.failed { 100.0 } else { 0.0 })
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "few calls")]
        let share = failed.iter().sum::<f64>() / failed.len() as f64;
        scores.add(
            &contestant,
            &[
                quantile(&times, 1.0),
                median(&times),
                share,
                back.map_or(f64::NAN, millis),
            ],
        );
    }
    let (entries, mut notes) = scores.finish();
    notes.push(format!(
        "A call without an answer after {} s is given up and counts as failed. – in the last column: no hit within {} s.",
        bench.plan.patience.as_secs_f64(),
        RECOVERY.as_secs()
    ));
    Ok(Section {
        title: "Redis hangs",
        about: format!(
            "`SIGSTOP` for {} s: connections are accepted, nothing is answered. One task calls with new inputs all the while; \
             then `SIGCONT`, and the time until a known input is a hit again.",
            bench.plan.hang.as_secs_f64()
        ),
        findings: vec![Finding::Comparison(Comparison {
            id: "hung".to_owned(),
            question: "Redis hangs: how long does the slowest call take?".to_owned(),
            unit: "ms, slowest call",
            better: Better::Lower,
            reference: RAW,
            columns: vec![
                Column {
                    heading: "slowest, ms",
                    relative: true,
                },
                Column {
                    heading: "median, ms",
                    relative: true,
                },
                Column {
                    heading: "calls failed, %",
                    relative: false,
                },
                Column {
                    heading: "hits again after, ms",
                    relative: false,
                },
            ],
            entries,
            notes,
        })],
    })
}

async fn calls(contestant: Async, plan: Plan) -> Result<Vec<Call>> {
    let work = Work::KIB;
    let end = Instant::now() + plan.hang;
    let mut calls = Vec::new();
    while Instant::now() < end {
        let input = input::one(work.input);
        let start = Instant::now();
        let answer = timeout(plan.patience, contestant.entrant.call(work.answer, &input)).await;
        calls.push(Call {
            time: start.elapsed(),
            failed: !matches!(answer, Ok(Ok(_))),
        });
        sleep(PAUSE).await;
    }
    Ok(calls)
}

/// The time until `known` is a hit.
async fn recovery(contestant: Async, known: bytes::Bytes) -> Result<Option<Duration>> {
    let start = Instant::now();
    while start.elapsed() < RECOVERY {
        let before = body::runs();
        let asked = contestant.entrant.call(Work::KIB.answer, &known);
        let answer = timeout(Duration::from_secs(1), asked).await;
        if matches!(answer, Ok(Ok(_))) && body::runs() == before {
            return Ok(Some(start.elapsed()));
        }
        sleep(PAUSE).await;
    }
    Ok(None)
}
