//! Two bowls: the upper one round or flat, the waist a corner or a loop.

use super::{near, through};
use crate::digits::path::{Point, Stroke, curve, joined};
use crate::random::Dice;

pub(super) fn three(dice: &Dice) -> Vec<Stroke> {
    let waist = dice.between(0.4, 0.54);
    let dent = dice.between(0.2, 0.48);
    let end = near(dice, dice.between(-0.02, 0.26), dice.between(0.76, 1.0));
    let belly = dice.between(0.5, 0.76);
    let way = dice.unit();
    let bowl = |dice: &Dice, from: Point| {
        let mut points = vec![from];
        points.extend([
            near(dice, belly - 0.13, waist + 0.06),
            near(dice, belly, 0.72),
            near(dice, belly - 0.13, 0.94),
            near(dice, 0.3, 1.0),
            end,
        ]);
        curve(&points)
    };
    if way < 0.2 {
        let width = dice.between(0.55, 0.72);
        let bar = through(dice, &[(0.08, 0.04), (width * 0.6, 0.02), (width, 0.02)]);
        let inner = near(dice, dent, waist);
        return vec![joined([bar, bowl(dice, inner)])];
    }
    let start = dice.between(0.06, 0.28);
    let upper = [
        (0.06, start),
        (0.2, 0.05),
        (0.4, 0.0),
        (0.64, 0.12),
        (0.6, 0.3),
        (dent + 0.08, waist - 0.03),
    ];
    if way < 0.4 {
        let size = dice.between(0.03, 0.08);
        let mut points = upper.to_vec();
        points.extend([
            (dent - size, waist + size * 0.6),
            (dent, waist - size),
            (belly - 0.13, waist + 0.07),
            (belly, 0.72),
            (belly - 0.14, 0.95),
            (0.3, 1.0),
            end,
        ]);
        return vec![through(dice, &points)];
    }
    let upper = through(dice, &upper);
    let inner = near(dice, dent, waist);
    vec![joined([upper, bowl(dice, inner)])]
}
