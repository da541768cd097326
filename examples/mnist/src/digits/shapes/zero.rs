//! A ring: narrow or round, closed or not quite.

use crate::digits::path::{ARC_STEPS, Stroke, arc};
use crate::random::Dice;

pub(super) fn zero(dice: &Dice) -> Vec<Stroke> {
    let radii = (dice.between(0.17, 0.46), 0.5);
    let from = dice.between(-150.0, -30.0);
    let direction = if dice.chance(0.8) { -1.0 } else { 1.0 };
    let sweep = direction * dice.between(335.0, 400.0);
    let drift = (dice.between(-0.08, 0.08), dice.between(-0.08, 0.08));
    let squareness = dice.between(0.85, 1.15);
    let ring = arc((0.0, 0.0), (1.0, 1.0), from, sweep);
    let ring = ring.into_iter().zip(0_u8..).map(|((x, y), step)| {
        let along = f32::from(step) / f32::from(ARC_STEPS + 1) - 0.5;
        (
            0.4 + radii.0 * x.signum() * x.abs().powf(squareness) + drift.0 * along,
            0.5 + radii.1 * y + drift.1 * along,
        )
    });
    vec![ring.collect()]
}
