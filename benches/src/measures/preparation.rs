//! What comes before the clock starts.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use tokio::time::sleep;

use super::scores::Scores;
use crate::bench::Bench;
use crate::body;
use crate::contestants::{Async, Blocking};
use crate::work::Answer;

/// Inputs that come round again for one caller.
pub(super) fn pool_size(length: usize) -> usize {
    match length {
        0..=65_536 => 64,
        65_537..=2_097_152 => 8,
        _ => 3,
    }
}

/// As many of `count` as a large input leaves time for.
pub(super) fn fewer(count: usize, length: usize) -> usize {
    let divisor = match length {
        0..=65_536 => 1,
        65_537..=2_097_152 => 8,
        _ => 40,
    };
    (count / divisor).max(5)
}

/// Has every contestant store every input, and checks that it then answers rightly and without the body.
pub(super) fn store(
    bench: &Bench,
    all: &[Async],
    answer: Answer,
    inputs: &[Bytes],
    scores: &mut Scores,
) -> Vec<Async> {
    let mut ready = Vec::new();
    for contestant in all {
        let stored = bench.run(store_one(contestant.clone(), answer, inputs.to_vec()));
        match stored {
            Ok(()) => ready.push(contestant.clone()),
            Err(error) => scores.fail(contestant.name, &error),
        }
    }
    ready
}

async fn store_one(contestant: Async, answer: Answer, inputs: Vec<Bytes>) -> Result<()> {
    let entrant = contestant.entrant;
    // The first calls may find no connection yet.
    for _ in 0..3 {
        for input in &inputs {
            entrant.call(answer, input).await?;
        }
        entrant.settle().await?;
        sleep(Duration::from_millis(20)).await;
    }
    for input in &inputs {
        let before = body::runs();
        let reply = entrant.call(answer, input).await?;
        ensure!(body::runs() == before, "no hit after three calls");
        reply.check(answer, input)?;
    }
    Ok(())
}

/// The same for those that threads call.
pub(super) fn store_blocking(
    all: &[Blocking],
    answer: Answer,
    inputs: &[Bytes],
    scores: &mut Scores,
) -> Vec<Blocking> {
    let mut ready = Vec::new();
    for contestant in all {
        match store_one_blocking(contestant, answer, inputs).context("storing") {
            Ok(()) => ready.push(contestant.clone()),
            Err(error) => scores.fail(contestant.name, &error),
        }
    }
    ready
}

fn store_one_blocking(contestant: &Blocking, answer: Answer, inputs: &[Bytes]) -> Result<()> {
    for _ in 0..3 {
        for input in inputs {
            contestant.entrant.call(answer, input)?;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    for input in inputs {
        let before = body::runs();
        let reply = contestant.entrant.call(answer, input)?;
        ensure!(body::runs() == before, "no hit after three calls");
        reply.check(answer, input)?;
    }
    Ok(())
}
