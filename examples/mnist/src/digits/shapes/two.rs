//! An arch that comes down to a foot, with a loop or a corner at the heel.

use super::{near, through};
use crate::digits::path::{Stroke, curve, joined};
use crate::random::Dice;

pub(super) fn two(dice: &Dice) -> Vec<Stroke> {
    let start = dice.between(0.12, 0.34);
    let shoulder = dice.between(0.2, 0.4);
    let foot = dice.between(0.86, 1.0);
    let right = dice.between(0.5, 0.72);
    let top = [
        (0.08, start),
        (0.16, 0.08),
        (0.4, 0.0),
        (right, shoulder - 0.1),
        (right - 0.02, shoulder + 0.12),
        (right * 0.6, 0.7),
    ];
    if dice.chance(0.45) {
        let size = dice.between(0.06, 0.13);
        let mut points = top.to_vec();
        points.extend([
            (0.16 + size * 0.5, 0.92),
            (0.05, 0.98 - size * 0.3),
            (0.03, 0.92 - size),
            (0.14, 0.88 - size),
            (0.32, foot - 0.02),
            (0.56, 1.0),
            (dice.between(0.72, 0.95), foot - dice.between(0.0, 0.12)),
        ]);
        return vec![through(dice, &points)];
    }
    let mut points = top.to_vec();
    points.push((dice.between(0.02, 0.18), dice.between(0.92, 1.0)));
    let upper = through(dice, &points);
    let heel = upper[upper.len() - 1];
    let wave = dice.between(-0.05, 0.05);
    let mut base = vec![heel];
    base.extend([
        near(dice, 0.38, 0.97 + wave),
        near(dice, dice.between(0.65, 0.9), foot),
    ]);
    vec![joined([upper, curve(&base)])]
}
