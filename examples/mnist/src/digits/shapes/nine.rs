//! A loop with a tail: straight, slanted or hooked.

use super::{near, through};
use crate::digits::path::{Stroke, curve, joined};
use crate::random::Dice;

pub(super) fn nine(dice: &Dice) -> Vec<Stroke> {
    let right = dice.between(0.52, 0.7);
    let loop_bottom = dice.between(0.36, 0.58);
    let open = dice.between(-0.04, 0.12);
    let loop_points = [
        (right - 0.03, 0.1 + open.max(0.0)),
        (0.4, 0.0),
        (0.12, loop_bottom * 0.35),
        (0.1, loop_bottom * 0.78),
        (0.32, loop_bottom),
        (right - 0.08, loop_bottom * 0.66),
    ];
    let shoulder = (right, 0.12 - open * 0.4);
    let tail_x = right + dice.between(-0.3, 0.06);
    let way = dice.unit();
    if way < 0.45 {
        let ring = through(dice, &[&loop_points[..], &[shoulder]].concat());
        let top = ring[ring.len() - 1];
        let bend = dice.between(-0.04, 0.05);
        let middle = near(dice, (top.0 + tail_x) * 0.5 + bend, 0.56);
        let foot = near(dice, tail_x, 1.0);
        return vec![joined([ring, curve(&[top, middle, foot])])];
    }
    let hook = dice.between(0.0, 0.5);
    let rise = dice.between(-0.05, 0.3);
    let tail = if way < 0.78 {
        vec![
            shoulder,
            (right - 0.01, 0.5),
            (right - 0.07, 0.84),
            (right - 0.16 - hook * 0.4, 1.0),
            (right - 0.2 - hook, 1.0 - hook * rise),
        ]
    } else {
        vec![
            (right + 0.01, 0.3),
            ((right + tail_x) * 0.5, 0.62),
            (tail_x, 1.0),
        ]
    };
    vec![through(dice, &[&loop_points[..], &tail].concat())]
}
