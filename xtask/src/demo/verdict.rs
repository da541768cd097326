//! The verdict on a demonstration.

use anyhow::{Result, ensure};

use super::digits::{Answer, Rounds};
use super::endpoint::Endpoint;

/// Ten right predictions twice, ten misses and then ten hits.
///
/// A server that was found running may hold the answers from before: hits in the first round are
/// then said and not held against it.
pub(crate) fn judge(rounds: &Rounds, endpoint: &Endpoint) -> Result<()> {
    let (first, second) = (hits(&rounds.first), hits(&rounds.second));
    println!(
        "right predictions: {} of 10, then {} of 10; hits: {first} of 10, then {second} of 10",
        right(&rounds.first),
        right(&rounds.second)
    );
    if matches!(endpoint, Endpoint::Found(_)) && first > 0 {
        println!("the Redis server held {first} of the answers from before");
    }
    ensure!(
        right(&rounds.first) == 10 && right(&rounds.second) == 10,
        "not every prediction was right"
    );
    ensure!(
        first == 0 || matches!(endpoint, Endpoint::Found(_)),
        "not every first call was a miss"
    );
    ensure!(second == 10, "not every second call was a hit");
    Ok(())
}

fn right(answers: &[Answer]) -> usize {
    answers
        .iter()
        .enumerate()
        .filter(|(digit, answer)| answer.prediction == digit.to_string())
        .count()
}

fn hits(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.is_hit()).count()
}
