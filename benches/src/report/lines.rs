//! A sweep as lines over logarithmic axes, each named where it ends.

use std::path::Path;

use anyhow::Result;

use super::canvas::{Align, Canvas, FAINT, INK, colour};
use super::format::mark;
use super::sweep::{Sweep, Swept};
use crate::contestants::Kind;
use crate::stats::{Spread, median};

const WIDTH: i32 = 900;
const HEIGHT: i32 = 480;
const LEFT: i32 = 90;
const RIGHT: i32 = 260;
const TOP: i32 = 64;
const BOTTOM: i32 = HEIGHT - 62;

/// What the upward axis spans in any case, so that little looks little.
const AT_LEAST: [f64; 2] = [0.5, 2.0];

/// Names closer than this would overlap.
const NAME_GAP: i32 = 17;

pub(super) fn draw(sweep: &Sweep, file: &Path) -> Result<()> {
    let canvas = Canvas::new(file, WIDTH.unsigned_abs(), HEIGHT.unsigned_abs())?;
    canvas.words(&sweep.question, (16, 26), 20, INK, Align::Left)?;
    let across = Log::over(&sweep.at, (LEFT, WIDTH - RIGHT));
    let shown = |series: &Swept, at| median(&sweep.relative(series, at));
    let values: Vec<_> = sweep
        .series
        .iter()
        .flat_map(|series| (0..sweep.at.len()).map(move |at| shown(series, at)))
        .filter(|value| *value > 0.0)
        .chain(AT_LEAST)
        .collect();
    let up = Log::over(&values, (BOTTOM, TOP));
    grid(&canvas, sweep, &across, &up)?;
    let mut ends = Vec::new();
    let ours_on_top = |series: &&Swept| series.kind == Kind::Ours;
    let others = sweep.series.iter().filter(|series| !ours_on_top(series));
    for series in others.chain(sweep.series.iter().filter(ours_on_top)) {
        let points: Vec<_> = sweep
            .at
            .iter()
            .enumerate()
            .map(|(at, value)| (*value, shown(series, at)))
            .filter(|(_, value)| *value > 0.0)
            .map(|(at, value)| (across.pixel(at), up.pixel(value)))
            .collect();
        let Some(end) = points.last().copied() else {
            continue;
        };
        let width = if series.kind == Kind::Ours { 3 } else { 2 };
        if series.kind == Kind::Ours {
            whiskers(&canvas, sweep, series, &across, &up)?;
        }
        for point in &points {
            canvas.dot(*point, colour(series.kind))?;
        }
        canvas.line(points, colour(series.kind), width)?;
        ends.push((end, series));
    }
    names(&canvas, ends)?;
    canvas.finish()
}

/// The middle half of the rounds at each point.
fn whiskers(
    canvas: &Canvas<'_>,
    sweep: &Sweep,
    series: &Swept,
    across: &Log,
    up: &Log,
) -> Result<()> {
    for (at, value) in sweep.at.iter().enumerate() {
        let spread = Spread::of(&sweep.relative(series, at));
        if spread.lower > 0.0 {
            let x = across.pixel(*value);
            let ends = [spread.lower, spread.upper].map(|value| (x, up.pixel(value)));
            canvas.line(ends.to_vec(), colour(series.kind), 1)?;
        }
    }
    Ok(())
}

fn grid(canvas: &Canvas<'_>, sweep: &Sweep, across: &Log, up: &Log) -> Result<()> {
    for at in &sweep.at {
        let x = across.pixel(*at);
        canvas.line(vec![(x, TOP), (x, BOTTOM)], FAINT, 1)?;
        canvas.words(&mark(*at), (x, BOTTOM + 16), 13, INK, Align::Middle)?;
    }
    for value in up.marks() {
        let y = up.pixel(value);
        canvas.line(vec![(LEFT, y), (WIDTH - RIGHT, y)], FAINT, 1)?;
        canvas.words(&mark(value), (LEFT - 8, y), 13, INK, Align::Right)?;
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2;
    canvas.words(sweep.axis, (middle, BOTTOM + 42), 14, INK, Align::Middle)?;
    let unit = format!(
        "{}, {} = 1 ({}); upright: the middle half of our rounds",
        sweep.unit,
        sweep.reference,
        sweep.better.words()
    );
    canvas.words(&unit, (16, TOP - 14), 13, INK, Align::Left)
}

/// Writes each name beside the end of its line, moved down where another stands.
fn names(canvas: &Canvas<'_>, mut ends: Vec<((i32, i32), &Swept)>) -> Result<()> {
    ends.sort_by_key(|((_, y), _)| *y);
    let mut free = TOP;
    let overflow = NAME_GAP * i32::try_from(ends.len())?;
    for (left, ((x, y), series)) in (0..).zip(ends) {
        let latest = BOTTOM - (overflow - NAME_GAP * (left + 1));
        let at = y.max(free).min(latest.max(free));
        free = at + NAME_GAP;
        let edge = WIDTH - RIGHT + 14;
        canvas.line(vec![(x, y), (edge - 4, at)], FAINT, 1)?;
        let ink = match series.kind {
            Kind::Ours => colour(Kind::Ours),
            Kind::Peer | Kind::Baseline => INK,
        };
        canvas.words(series.name, (edge, at), 13, ink, Align::Left)?;
    }
    Ok(())
}

/// A logarithmic axis between two pixels.
struct Log {
    least: f64,
    most: f64,
    from: i32,
    to: i32,
}

impl Log {
    fn over(values: &[f64], (from, to): (i32, i32)) -> Self {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        Self {
            least: least.min(most),
            most,
            from,
            to,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "pixels")]
    fn pixel(&self, value: f64) -> i32 {
        let whole = (self.most / self.least).ln().max(f64::EPSILON);
        let share = (value / self.least).ln() / whole;
        self.from + (share * f64::from(self.to - self.from)).round() as i32
    }

    /// 1, 2 and 5 of each decade.
    fn marks(&self) -> Vec<f64> {
        #[expect(clippy::cast_possible_truncation, reason = "a decade")]
        let decades = self.least.log10().floor() as i32..=self.most.log10().ceil() as i32;
        decades
            .flat_map(|decade| [1.0, 2.0, 5.0].map(|step| step * 10_f64.powi(decade)))
            .filter(|mark| (self.least..=self.most).contains(mark))
            .collect()
    }
}
