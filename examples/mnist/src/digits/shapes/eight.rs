//! A stroke that crosses itself, open or closed; or two rings.

use super::through;
use crate::digits::path::{Stroke, arc};
use crate::random::Dice;

pub(super) fn eight(dice: &Dice) -> Vec<Stroke> {
    let waist = dice.between(0.36, 0.62);
    let top = dice.between(0.1, 0.32);
    let bottom = dice.between(0.12, 0.34);
    if dice.chance(0.18) {
        let sweep = dice.between(345.0, 385.0);
        let upper = arc((0.38, waist * 0.5), (top, waist * 0.5), 80.0, sweep);
        let height = (1.0 - waist) * 0.5;
        let lower = arc((0.38, waist + height), (bottom, height), -80.0, sweep);
        return vec![upper, lower];
    }
    let mirrored = dice.chance(0.12);
    let open = dice.between(-0.02, 0.2);
    let lower_middle = (waist + 1.0) * 0.5;
    let points = [
        (0.4 + top * dice.between(0.5, 1.0), waist * 0.34),
        (0.4, 0.0),
        (0.4 - top, waist * 0.45),
        (0.4, waist),
        (0.4 + bottom, lower_middle),
        (0.4, 1.0),
        (0.4 - bottom, lower_middle),
        (0.4 - 0.03, waist),
        (0.4 + top * 0.8, waist * 0.6),
        (0.4 + top - open * 0.4, waist * 0.34 - 0.04 + open * 0.6),
    ];
    let stroke = through(dice, &points);
    vec![if mirrored {
        stroke.into_iter().map(|(x, y)| (0.8 - x, y)).collect()
    } else {
        stroke
    }]
}
