//! The ten digits, each in the several ways in which people write it.

mod eight;
mod five;
mod four;
mod nine;
mod one;
mod seven;
mod six;
mod three;
mod two;
mod zero;

use super::path::{Point, Stroke, curve};
use crate::random::Dice;

/// How far a point of a shape strays from where it should be, in units of the digit's height.
const UNSTEADINESS: f32 = 0.025;

/// The strokes of one way to write `digit`, in a box about 0.7 wide and 1 high.
pub(super) fn strokes(digit: u8, dice: &Dice) -> Vec<Stroke> {
    match digit {
        0 => zero::zero(dice),
        1 => one::one(dice),
        2 => two::two(dice),
        3 => three::three(dice),
        4 => four::four(dice),
        5 => five::five(dice),
        6 => six::six(dice),
        7 => seven::seven(dice),
        8 => eight::eight(dice),
        9 => nine::nine(dice),
        _ => panic!("{digit} is not a digit"),
    }
}

fn near(dice: &Dice, x: f32, y: f32) -> Point {
    (
        x + UNSTEADINESS * dice.normal(),
        y + UNSTEADINESS * dice.normal(),
    )
}

fn through(dice: &Dice, points: &[Point]) -> Stroke {
    let points: Vec<Point> = points.iter().map(|&(x, y)| near(dice, x, y)).collect();
    curve(&points)
}
