//! Strokes as polylines in a box that is 1 high, y downwards.

/// A point, `(x, y)`.
pub(super) type Point = (f32, f32);

/// What the pen draws without being lifted.
pub(super) type Stroke = Vec<Point>;

const STEPS_PER_SPAN: u8 = 8;

/// The steps of which [`arc`] consists, whatever its length.
pub(super) const ARC_STEPS: u8 = 28;

/// A smooth stroke through all of `points` (a Catmull-Rom spline).
pub(super) fn curve(points: &[Point]) -> Stroke {
    let last = points.len() - 1;
    let mut stroke = vec![points[0]];
    for i in 0..last {
        let span = [
            points[i.saturating_sub(1)],
            points[i],
            points[i + 1],
            points[(i + 2).min(last)],
        ];
        stroke.extend((1..=STEPS_PER_SPAN).map(|step| {
            let t = f32::from(step) / f32::from(STEPS_PER_SPAN);
            (
                catmull_rom(span.map(|p| p.0), t),
                catmull_rom(span.map(|p| p.1), t),
            )
        }));
    }
    stroke
}

fn catmull_rom([before, from, to, after]: [f32; 4], t: f32) -> f32 {
    let (t2, t3) = (t * t, t * t * t);
    0.5 * (2.0 * from
        + (to - before) * t
        + (2.0 * before - 5.0 * from + 4.0 * to - after) * t2
        + (3.0 * from - before - 3.0 * to + after) * t3)
}

/// Part of an ellipse; angles in degrees, clockwise from the right.
pub(super) fn arc(centre: Point, radii: Point, from: f32, sweep: f32) -> Stroke {
    (0..=ARC_STEPS)
        .map(|step| {
            let angle = (from + sweep * f32::from(step) / f32::from(ARC_STEPS)).to_radians();
            (
                centre.0 + radii.0 * angle.cos(),
                centre.1 + radii.1 * angle.sin(),
            )
        })
        .collect()
}

/// One stroke out of several that follow one another, with a corner at each joint.
pub(super) fn joined(parts: impl IntoIterator<Item = Stroke>) -> Stroke {
    parts.into_iter().flatten().collect()
}
