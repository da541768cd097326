//! A stem, alone or with a flag, and then perhaps a foot.

use super::{near, through};
use crate::digits::path::{Stroke, joined};
use crate::random::Dice;

pub(super) fn one(dice: &Dice) -> Vec<Stroke> {
    let bend = dice.between(-0.05, 0.05);
    let stem = through(dice, &[(0.4, 0.0), (0.4 + bend, 0.5), (0.4, 1.0)]);
    let way = dice.unit();
    if way < 0.55 {
        return vec![stem];
    }
    let flag = near(dice, dice.between(0.05, 0.28), dice.between(0.16, 0.55));
    let mut strokes = vec![joined([vec![flag], stem])];
    if way > 0.85 {
        let half = dice.between(0.15, 0.36);
        strokes.push(through(
            dice,
            &[(0.4 - half, 1.0), (0.4, 1.0), (0.4 + half, 1.0)],
        ));
    }
    strokes
}
