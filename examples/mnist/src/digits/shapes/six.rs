//! A stroke that curls into a loop.

use super::through;
use crate::digits::path::Stroke;
use crate::random::Dice;

pub(super) fn six(dice: &Dice) -> Vec<Stroke> {
    let start_x = dice.between(0.3, 0.78);
    let loop_top = dice.between(0.42, 0.66);
    let loop_right = dice.between(0.5, 0.72);
    let belly = (loop_top + 1.0) * 0.5;
    let hook = dice.between(0.0, 0.12);
    let close = dice.between(-0.02, 0.14);
    let mut points = Vec::new();
    if dice.chance(0.3) {
        points.push((start_x + 0.1, hook));
    }
    points.extend([
        (start_x, 0.0),
        (start_x * 0.45, 0.24),
        (0.08, 0.55),
        (0.08, belly + 0.03),
        (0.32, 1.0),
        (loop_right - 0.06, 0.93),
        (loop_right, belly),
        (loop_right - 0.16, loop_top + 0.02),
        (0.26, loop_top + 0.06),
        (0.08 + close, belly + 0.08),
    ]);
    if dice.chance(0.3) {
        points.push((0.2 + close, 0.97));
    }
    vec![through(dice, &points)]
}
