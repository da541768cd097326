//! Lines, boxes and words on an SVG plot.

use std::path::Path;

use anyhow::Result;
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::element::{Circle, PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, IntoFont as _, RGBColor, TextStyle, WHITE};

use crate::contestants::Kind;

pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
pub(super) const FAINT: RGBColor = RGBColor(225, 225, 225);
const OURS: RGBColor = RGBColor(208, 66, 20);
const PEER: RGBColor = RGBColor(150, 156, 163);
const BASELINE: RGBColor = RGBColor(196, 204, 213);

/// Ours is strong, the rest muted.
pub(super) const fn colour(kind: Kind) -> RGBColor {
    match kind {
        Kind::Ours => OURS,
        Kind::Peer => PEER,
        Kind::Baseline => BASELINE,
    }
}

/// Where words stand in relation to their point.
#[derive(Clone, Copy, Debug)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// A plot of a size in pixels, from the upper left corner.
pub(super) struct Canvas<'f> {
    area: DrawingArea<SVGBackend<'f>, Shift>,
}

impl<'f> Canvas<'f> {
    pub(super) fn new(file: &'f Path, width: u32, height: u32) -> Result<Self> {
        let area = SVGBackend::new(file, (width, height)).into_drawing_area();
        area.fill(&WHITE)?;
        Ok(Self { area })
    }

    pub(super) fn words(
        &self,
        text: &str,
        at: (i32, i32),
        size: i32,
        colour: RGBColor,
        align: Align,
    ) -> Result<()> {
        let horizontal = match align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        let style = TextStyle::from(("sans-serif", size).into_font())
            .color(&colour)
            .pos(Pos::new(horizontal, VPos::Center));
        self.area.draw(&Text::new(text.to_owned(), at, style))?;
        Ok(())
    }

    pub(super) fn line(&self, points: Vec<(i32, i32)>, colour: RGBColor, width: u32) -> Result<()> {
        self.area
            .draw(&PathElement::new(points, colour.stroke_width(width)))?;
        Ok(())
    }

    pub(super) fn dot(&self, at: (i32, i32), colour: RGBColor) -> Result<()> {
        self.area.draw(&Circle::new(at, 3, colour.filled()))?;
        Ok(())
    }

    pub(super) fn block(&self, corners: [(i32, i32); 2], colour: RGBColor) -> Result<()> {
        self.area.draw(&Rectangle::new(corners, colour.filled()))?;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<()> {
        self.area.present()?;
        Ok(())
    }
}
