//! Which files are images of a digit, and what is said of the others.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbaImage};
use mnist::digits::draw;
use mnist::image::{DecodeError, DigitImage};
use mnist::random::Dice;

fn png(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[test]
fn an_image_survives_its_file() {
    let image = draw(5, &Dice::new(1));
    assert_eq!(DigitImage::decode(&image.encode().unwrap()).unwrap(), image);
}

#[test]
fn other_sizes_are_refused_with_their_size() {
    for (width, height) in [(27, 28), (28, 29), (280, 280), (1, 1)] {
        let error = DigitImage::decode(&png(&DynamicImage::new_luma8(width, height))).unwrap_err();
        assert!(matches!(error, DecodeError::Size { .. }));
        let size = format!("the image is {width}x{height} pixels");
        assert!(error.to_string().starts_with(&size), "{error}");
    }
}

#[test]
fn colours_become_grey() {
    let grey = RgbaImage::from_pixel(28, 28, image::Rgba([90, 90, 90, 255]));
    let image = DigitImage::decode(&png(&grey.into())).unwrap();
    assert!(image.pixels().iter().all(|&pixel| pixel == 90));
}

#[test]
fn garbage_is_refused() {
    let whole = draw(5, &Dice::new(1)).encode().unwrap();
    let truncated = &whole[..whole.len() / 2];
    for bytes in [&b""[..], b"not an image", b"\x89PNG\r\n\x1a\n", truncated] {
        let error = DigitImage::decode(bytes).unwrap_err();
        assert!(matches!(error, DecodeError::NotPng(_)), "{error}");
    }
}

#[test]
fn pixels_are_normalised_as_mnist_is() {
    for (pixel, expected) in [(255, 2.8215), (0, -0.4242)] {
        let image = DigitImage::new([pixel; 784]);
        let value = image.normalized().next().unwrap();
        assert!((value - expected).abs() < 1e-3, "{value}");
    }
}
