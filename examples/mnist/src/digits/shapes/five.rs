//! A belly with a bar: in one stroke with it, apart, or curved throughout.

use super::near;
use crate::digits::path::{Stroke, curve, joined};
use crate::random::Dice;

pub(super) fn five(dice: &Dice) -> Vec<Stroke> {
    let waist = dice.between(0.34, 0.5);
    let corner_x = dice.between(0.08, 0.22);
    let neck = near(dice, corner_x + dice.between(0.0, 0.1), 0.03);
    let corner = near(dice, corner_x, waist);
    let end = near(dice, dice.between(-0.04, 0.14), dice.between(0.8, 0.98));
    let mut belly = vec![corner];
    belly.extend([
        near(dice, 0.4, waist - dice.between(0.0, 0.08)),
        near(dice, 0.66, waist + 0.18),
        near(dice, 0.58, 0.88),
        near(dice, 0.3, 1.0),
        end,
    ]);
    let bar_y = dice.between(-0.06, 0.08);
    let bar_end = near(dice, dice.between(0.5, 0.88), bar_y);
    let way = dice.unit();
    if way < 0.4 {
        let bar = curve(&[bar_end, near(dice, 0.4, (bar_y + 0.03) * 0.5), neck]);
        return vec![joined([bar, vec![corner], curve(&belly)])];
    }
    if way < 0.6 {
        let mut points = vec![bar_end, near(dice, 0.42, 0.02), neck];
        points.extend([near(dice, corner_x - 0.01, waist * 0.6)]);
        points.extend(belly);
        return vec![curve(&points)];
    }
    let gap = if way < 0.8 {
        dice.between(0.04, 0.14)
    } else {
        0.0
    };
    let bar = vec![(neck.0 + gap, neck.1 - gap * 0.4), bar_end];
    vec![joined([vec![neck], curve(&belly)]), bar]
}
