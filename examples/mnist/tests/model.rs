//! The weights that come with the package know digits.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::fs;
use std::path::Path;

use mnist::batch::Batch;
use mnist::image::DigitImage;
use mnist::model::Net;
use mnist::random::Dice;
use mnist::weights::Weights;

fn net() -> Net {
    Net::new(Weights::bundled().unwrap().parameters()).unwrap()
}

#[test]
fn the_ten_images_are_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("images");
    for digit in 0..=9 {
        let png = fs::read(folder.join(format!("{digit}.png"))).unwrap();
        let image = DigitImage::decode(&png).unwrap();
        let batch = Batch::new(&[image], &[digit]).unwrap();
        assert_eq!(batch.count_right(&net()).unwrap(), 1, "{digit}.png");
    }
}

#[test]
fn most_generated_digits_are_told() {
    let batch = Batch::generate(200, &Dice::new(99)).unwrap();
    let right = batch.count_right(&net()).unwrap();
    assert!(right >= 190, "{right} of 200");
}
