//! A bar and a stem: sharp or round at the corner, with or without a serif and a crossbar.

use super::near;
use crate::digits::path::{Stroke, curve, joined};
use crate::random::Dice;

pub(super) fn seven(dice: &Dice) -> Vec<Stroke> {
    let foot = (dice.between(0.08, 0.5), 1.0);
    let width = dice.between(0.5, 0.75);
    let bow = dice.between(-0.1, 0.06);
    let left = dice.between(0.0, 0.16);
    let corner = near(dice, width, dice.between(0.0, 0.1));
    let middle = ((corner.0 + foot.0) * 0.5 + bow, 0.5);
    let mut top = Vec::new();
    if dice.chance(0.35) {
        top.push(near(dice, left - 0.02, dice.between(0.12, 0.32)));
    }
    let dip = dice.between(-0.06, 0.1);
    let bar_left = near(dice, left, dice.between(0.0, 0.12));
    let bar_middle = near(dice, (left + width) * 0.5, 0.05 + dip);
    let foot = near(dice, foot.0, foot.1);
    let middle = near(dice, middle.0, middle.1);
    let mut strokes = if dice.chance(0.3) {
        top.extend([
            bar_left,
            bar_middle,
            (corner.0 - 0.05, corner.1 - 0.01),
            (corner.0, corner.1 + 0.08),
            middle,
            foot,
        ]);
        vec![curve(&top)]
    } else {
        top.extend(curve(&[bar_left, bar_middle, corner]));
        vec![joined([top, curve(&[corner, middle, foot])])]
    };
    if dice.chance(0.3) {
        let half = dice.between(0.13, 0.34);
        let tilt = dice.between(-0.06, 0.06);
        strokes.push(vec![
            near(dice, middle.0 - half, middle.1 + tilt),
            near(dice, middle.0 + half, middle.1 - tilt),
        ]);
    }
    strokes
}
