//! From strokes to pixels.

use super::path::{Point, Stroke};
use crate::image::{DigitImage, PIXELS, SIDE};

/// The middle of an image, in pixels from its edge.
const MIDDLE: f32 = 14.0;

/// What the strokes are drawn with. Lengths are in pixels.
#[derive(Debug)]
pub(super) struct Nib {
    /// Half of the stroke's width.
    pub(super) radius: f32,
    /// How far the edge of the stroke fades.
    pub(super) softness: f32,
    /// How much the width varies along the stroke, as a share of the radius.
    pub(super) pressure: f32,
    /// Where along the stroke that variation begins, as an angle.
    pub(super) phase: f32,
}

/// Draws `strokes`, given in pixels, with their centre of mass `off_centre` of the middle.
pub(super) fn draw(strokes: &[Stroke], nib: &Nib, off_centre: Point) -> DigitImage {
    let first = ink(strokes, nib, (MIDDLE, MIDDLE));
    let mass = centre_of_mass(&first);
    let origin = (
        2.0 * MIDDLE - mass.0 + off_centre.0,
        2.0 * MIDDLE - mass.1 + off_centre.1,
    );
    DigitImage::new(ink(strokes, nib, origin).map(brightness))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`ink` is from 0 to 1"
)]
fn brightness(ink: f32) -> u8 {
    (ink * 255.0).round() as u8
}

/// Each place along one side of the image, with the coordinate of its pixels' middles.
fn places() -> impl Iterator<Item = (usize, f32)> {
    (0_u8..)
        .take(SIDE)
        .map(|place| (usize::from(place), f32::from(place) + 0.5))
}

fn ink(strokes: &[Stroke], nib: &Nib, origin: Point) -> [f32; PIXELS] {
    let mut ink = [0.0_f32; PIXELS];
    for stroke in strokes {
        let mut along = nib.phase;
        for ends in stroke.windows(2) {
            let (from, to) = (ends[0], ends[1]);
            along += 0.25 * (to.0 - from.0).hypot(to.1 - from.1);
            let radius = nib.radius * (1.0 + nib.pressure * along.sin().min(0.25));
            let from = (from.0 + origin.0, from.1 + origin.1);
            let to = (to.0 + origin.0, to.1 + origin.1);
            segment(&mut ink, from, to, radius, nib.softness);
        }
    }
    ink
}

fn segment(ink: &mut [f32; PIXELS], from: Point, to: Point, radius: f32, softness: f32) {
    let reach = radius + softness;
    let near = |place: f32, a: f32, b: f32| a.min(b) - reach < place && place < a.max(b) + reach;
    for (row, y) in places().filter(|&(_, y)| near(y, from.1, to.1)) {
        for (column, x) in places().filter(|&(_, x)| near(x, from.0, to.0)) {
            let depth = radius - distance((x, y), from, to);
            let darkness = (depth / softness + 0.5).clamp(0.0, 1.0);
            let spot = &mut ink[row * SIDE + column];
            *spot = spot.max(darkness);
        }
    }
}

fn distance(point: Point, from: Point, to: Point) -> f32 {
    let along = (to.0 - from.0, to.1 - from.1);
    let offset = (point.0 - from.0, point.1 - from.1);
    let length = along.0 * along.0 + along.1 * along.1;
    let t = if length > 0.0 {
        ((offset.0 * along.0 + offset.1 * along.1) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (offset.0 - t * along.0).hypot(offset.1 - t * along.1)
}

fn centre_of_mass(ink: &[f32; PIXELS]) -> Point {
    let mut mass = 0.0;
    let mut moment = (0.0, 0.0);
    for ((_, y), row) in places().zip(ink.chunks(SIDE)) {
        for ((_, x), ink) in places().zip(row) {
            mass += ink;
            moment = (moment.0 + ink * x, moment.1 + ink * y);
        }
    }
    (moment.0 / mass, moment.1 / mass)
}
