//! A comparison as bars, the best on top.

use std::path::Path;

use anyhow::Result;

use super::canvas::{Align, Canvas, FAINT, INK, colour};
use super::comparison::Comparison;
use super::format::{mark, number};
use crate::contestants::Kind;
use crate::stats::Spread;

const WIDTH: i32 = 900;
const LEFT: i32 = 270;
const RIGHT: i32 = 110;
const TOP: i32 = 64;
const ROW: i32 = 28;
const FOOT: i32 = 58;
const STEPS: i32 = 4;

pub(super) fn draw(comparison: &Comparison, file: &Path) -> Result<()> {
    let ranked = comparison.ranked();
    let rows = i32::try_from(ranked.len())?;
    let bottom = TOP + rows * ROW;
    let canvas = Canvas::new(file, WIDTH.unsigned_abs(), (bottom + FOOT).unsigned_abs())?;
    canvas.words(&comparison.question, (16, 26), 20, INK, Align::Left)?;
    let spreads: Vec<_> = ranked
        .iter()
        .map(|entry| Spread::of(&comparison.shown(entry)))
        .collect();
    let longest = spreads
        .iter()
        .map(|spread| spread.upper)
        .filter(|upper| upper.is_finite())
        .fold(f64::MIN_POSITIVE, f64::max);
    let axis = Axis::up_to(longest);
    for step in 0..=STEPS {
        let value = axis.end * f64::from(step) / f64::from(STEPS);
        let x = axis.x(value);
        canvas.line(vec![(x, TOP - 8), (x, bottom)], FAINT, 1)?;
        canvas.words(&mark(value), (x, bottom + 14), 13, INK, Align::Middle)?;
    }
    let unit = if comparison.shows_relations() {
        format!(
            "{}, {} = 1 ({})",
            comparison.unit,
            comparison.reference,
            comparison.better.words()
        )
    } else {
        format!("{} ({})", comparison.unit, comparison.better.words())
    };
    canvas.words(
        &unit,
        ((LEFT + WIDTH - RIGHT) / 2 + 60, bottom + 38),
        14,
        INK,
        Align::Middle,
    )?;
    let key = "bar: median of the rounds; line: the middle half of them";
    canvas.words(key, (16, bottom + 38), 11, INK, Align::Left)?;
    for (row, (entry, spread)) in (0..).zip(ranked.iter().zip(&spreads)) {
        let middle = TOP + row * ROW + ROW / 2;
        let colour = colour(entry.kind);
        let size = if entry.kind == Kind::Ours { 15 } else { 14 };
        canvas.words(entry.name, (LEFT - 10, middle), size, INK, Align::Right)?;
        let end = axis.x(spread.median);
        canvas.block([(LEFT, middle - 9), (end, middle + 9)], colour)?;
        let (lower, upper) = (axis.x(spread.lower), axis.x(spread.upper));
        canvas.line(vec![(lower, middle), (upper, middle)], INK, 1)?;
        canvas.words(
            &number(spread.median),
            (upper.max(end) + 6, middle),
            14,
            INK,
            Align::Left,
        )?;
    }
    canvas.finish()
}

/// From zero to a round number.
struct Axis {
    end: f64,
}

impl Axis {
    fn up_to(longest: f64) -> Self {
        let unit = 10_f64.powf(longest.log10().floor());
        let end = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0]
            .into_iter()
            .map(|step| step * unit)
            .find(|end| *end >= longest)
            .unwrap_or(longest);
        Self { end }
    }

    #[expect(clippy::cast_possible_truncation, reason = "pixels")]
    fn x(&self, value: f64) -> i32 {
        if !value.is_finite() {
            return LEFT;
        }
        LEFT + (value / self.end * f64::from(WIDTH - LEFT - RIGHT)).round() as i32
    }
}
