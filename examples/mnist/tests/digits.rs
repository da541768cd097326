//! The generator of handwritten-like digits.

use mnist::digits::draw;
use mnist::image::{DigitImage, SIDE};
use mnist::random::Dice;

fn ink(image: &DigitImage) -> f32 {
    image.pixels().iter().copied().map(f32::from).sum()
}

#[test]
fn the_same_seed_draws_the_same_digits() {
    let (first, second) = (Dice::new(7), Dice::new(7));
    for digit in (0..=9).cycle().take(50) {
        assert_eq!(draw(digit, &first), draw(digit, &second));
    }
}

#[test]
fn no_two_digits_are_the_same() {
    let dice = Dice::new(7);
    for digit in 0..=9 {
        assert_ne!(draw(digit, &dice), draw(digit, &dice), "{digit}");
    }
}

#[test]
fn digits_are_light_on_black_with_a_dark_border() {
    let dice = Dice::new(3);
    for digit in (0..=9).cycle().take(200) {
        let image = draw(digit, &dice);
        let brightest = image.pixels().iter().max().unwrap();
        assert!(*brightest > 100, "{digit} is faint");
        let mean = ink(&image) / f32::from(u8::MAX);
        assert!(
            (15.0..450.0).contains(&mean),
            "{digit} has {mean} pixels of ink"
        );
        assert_eq!(image.pixels()[0], 0, "{digit} reaches the corner");
    }
}

#[test]
fn digits_are_centred_by_their_mass() {
    let dice = Dice::new(5);
    for digit in (0..=9).cycle().take(200) {
        let image = draw(digit, &dice);
        let rows = image.pixels().chunks(SIDE).zip(0_u8..);
        let moment: f32 = rows
            .map(|(row, y)| {
                row.iter()
                    .map(|&ink| f32::from(ink) * f32::from(y))
                    .sum::<f32>()
            })
            .sum();
        let row = moment / ink(&image);
        assert!(
            (10.0..17.0).contains(&row),
            "{digit} has its mass in row {row}"
        );
    }
}
