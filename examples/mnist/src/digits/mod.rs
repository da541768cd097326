//! Procedurally generated digits that look handwritten: shapes as people write them, a hand that
//! distorts them, and a pen that draws them the way MNIST's images were made.

mod hand;
mod path;
mod raster;
mod shapes;

use crate::random::Dice;

use self::hand::Hand;
use crate::image::DigitImage;

/// Draws one example of `digit` (0 to 9), grey on black, centred by its mass.
///
/// The same state of `rng` always gives the same image.
///
/// # Panics
///
/// If `digit` is greater than 9.
#[must_use]
pub fn draw(digit: u8, dice: &Dice) -> DigitImage {
    let strokes = shapes::strokes(digit, dice);
    Hand::random(dice).write(strokes, dice)
}
