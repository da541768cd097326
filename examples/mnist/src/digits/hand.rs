//! A hand: what makes the same shape look different from one writer to the next.

use std::f32::consts::TAU;

use crate::random::Dice;

use super::path::{Point, Stroke};
use super::raster::{Nib, draw};
use crate::image::DigitImage;

/// The longer side of the box that MNIST's digits are fitted into, in pixels.
const BOX: f32 = 20.0;

/// One writer's habits on one occasion.
#[derive(Debug)]
pub(super) struct Hand {
    stretch: f32,
    slant: f32,
    rotation: f32,
    taper: f32,
    warp: Warp,
    nib: Nib,
    size: f32,
}

/// A smooth displacement of the whole plane.
#[derive(Debug)]
struct Warp {
    waves: [(Point, f32, Point); 2],
}

impl Warp {
    fn random(dice: &Dice) -> Self {
        let wave = || {
            let frequency = (dice.between(-0.8, 0.8), dice.between(-0.8, 0.8));
            let shift = (0.03 * dice.normal(), 0.03 * dice.normal());
            (frequency, dice.between(0.0, TAU), shift)
        };
        Self {
            waves: [wave(), wave()],
        }
    }

    fn apply(&self, (x, y): Point) -> Point {
        self.waves
            .iter()
            .fold((x, y), |moved, &(frequency, phase, shift)| {
                let sway = (TAU * (frequency.0 * x + frequency.1 * y) + phase).sin();
                (moved.0 + shift.0 * sway, moved.1 + shift.1 * sway)
            })
    }
}

impl Hand {
    pub(super) fn random(dice: &Dice) -> Self {
        Self {
            stretch: dice.between(0.6, 1.3),
            slant: 0.12 + 0.2 * dice.normal(),
            rotation: 0.11 * dice.normal(),
            taper: 0.12 * dice.normal(),
            warp: Warp::random(dice),
            nib: Nib {
                radius: if dice.chance(0.88) {
                    dice.between(0.75, 2.1)
                } else {
                    dice.between(2.0, 3.0)
                },
                softness: dice.between(0.7, 1.7),
                pressure: if dice.chance(0.8) {
                    dice.between(0.0, 0.25)
                } else {
                    // The pen leaves gaps.
                    dice.between(0.25, 1.1)
                },
                phase: dice.between(0.0, TAU),
            },
            size: if dice.chance(0.75) {
                1.0
            } else {
                dice.between(0.82, 1.05)
            },
        }
    }

    /// Writes `strokes` as this hand does.
    pub(super) fn write(&self, strokes: Vec<Stroke>, dice: &Dice) -> DigitImage {
        let strokes: Vec<Stroke> = strokes
            .into_iter()
            .map(|stroke| stroke.into_iter().map(|point| self.place(point)).collect())
            .collect();
        let strokes = fit(strokes, BOX * self.size - 2.0 * self.nib.radius);
        let off_centre = (0.5 * dice.normal(), 0.5 * dice.normal());
        draw(&strokes, &self.nib, off_centre)
    }

    fn place(&self, (x, y): Point) -> Point {
        let (x, y) = self.warp.apply((x - 0.38, y - 0.5));
        let x = x * self.stretch * (1.0 + self.taper * y) - self.slant * y;
        let (sin, cos) = self.rotation.sin_cos();
        (x * cos - y * sin, x * sin + y * cos)
    }
}

/// Scales `strokes` so that the longer side of their bounding box is `size`, centred at zero.
fn fit(mut strokes: Vec<Stroke>, size: f32) -> Vec<Stroke> {
    let mut low = (f32::MAX, f32::MAX);
    let mut high = (f32::MIN, f32::MIN);
    for &(x, y) in strokes.iter().flatten() {
        low = (low.0.min(x), low.1.min(y));
        high = (high.0.max(x), high.1.max(y));
    }
    let scale = size / (high.0 - low.0).max(high.1 - low.1);
    let middle = ((low.0 + high.0) * 0.5, (low.1 + high.1) * 0.5);
    for point in strokes.iter_mut().flatten() {
        *point = ((point.0 - middle.0) * scale, (point.1 - middle.1) * scale);
    }
    strokes
}
