//! Open, closed, or in one stroke.

use super::{near, through};
use crate::digits::path::{Stroke, curve, joined};
use crate::random::Dice;

pub(super) fn four(dice: &Dice) -> Vec<Stroke> {
    let bar = dice.between(0.45, 0.74);
    let way = dice.unit();
    let stem_x = dice.between(0.5, 0.66);
    let overhang = dice.between(0.03, 0.28);
    let stem_end = near(dice, stem_x + dice.between(-0.08, 0.04), 1.0);
    if way < 0.3 {
        let top = near(dice, stem_x, 0.0);
        let corner = near(dice, 0.02, bar);
        let side = curve(&[top, near(dice, stem_x * 0.5, bar * 0.52), corner]);
        let cross = curve(&[
            corner,
            near(dice, 0.4, bar),
            near(dice, stem_x + overhang, bar),
        ]);
        return vec![
            joined([side, cross]),
            vec![near(dice, stem_x, 0.02), stem_end],
        ];
    }
    let left = dice.between(0.02, 0.22);
    let left_top = near(dice, left, dice.between(0.0, 0.14));
    let stem_top = near(
        dice,
        stem_x + dice.between(0.0, 0.08),
        dice.between(0.0, 0.4),
    );
    let stem = curve(&[stem_top, near(dice, stem_x + 0.01, bar), stem_end]);
    if way < 0.65 {
        let corner = near(dice, left - dice.between(0.0, 0.14), bar);
        let cross = curve(&[
            corner,
            near(dice, 0.38, bar),
            near(dice, stem_x + overhang, bar - 0.03),
        ]);
        return vec![joined([vec![left_top], cross]), stem];
    }
    let bowl = through(
        dice,
        &[
            left_top,
            (left - 0.05, bar * 0.55),
            (left, bar - 0.04),
            (0.32, bar),
            (stem_x, bar - dice.between(0.04, 0.14)),
        ],
    );
    if way < 0.85 {
        return vec![bowl, stem];
    }
    vec![joined([bowl, vec![stem_top], stem])]
}
