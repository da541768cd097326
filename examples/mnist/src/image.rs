//! The image of one digit: 28×28, grey, light ink on black, as MNIST has it.

use std::io::Cursor;

use image::codecs::png::{PngDecoder, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageDecoder as _, ImageEncoder as _, ImageError};

/// Pixels along each side of an image.
pub const SIDE: usize = WIDTH as usize;

/// [`SIDE`], in the type that image files have it in.
const WIDTH: u32 = 28;

/// Pixels of an image.
pub const PIXELS: usize = SIDE * SIDE;

/// The mean of MNIST's pixels, as a share of full brightness.
const MEAN: f32 = 0.1307;

/// The standard deviation of MNIST's pixels.
const DEVIATION: f32 = 0.3081;

/// The image of one digit, row by row from the top left; 0 is black.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigitImage {
    pixels: [u8; PIXELS],
}

/// Why a file is not the image of a digit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes are not a PNG image, or a damaged one.
    #[error("not a readable PNG image: {0}")]
    NotPng(#[from] ImageError),
    /// The image has another size.
    #[error("the image is {width}x{height} pixels; it has to be 28x28")]
    Size {
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
}

impl DigitImage {
    /// An image of the given pixels.
    #[must_use]
    pub fn new(pixels: [u8; PIXELS]) -> Self {
        Self { pixels }
    }

    /// Reads a PNG file; colours become grey.
    ///
    /// # Errors
    ///
    /// If `png` is not a PNG image, or not one of 28×28 pixels.
    pub fn decode(png: &[u8]) -> Result<Self, DecodeError> {
        let decoder = PngDecoder::new(Cursor::new(png))?;
        let (width, height) = decoder.dimensions();
        // Before any pixel is read: a small file can hold an image of many gigabytes.
        if (width, height) != (WIDTH, WIDTH) {
            return Err(DecodeError::Size { width, height });
        }
        let grey = DynamicImage::from_decoder(decoder)?.into_luma8();
        let mut pixels = [0; PIXELS];
        pixels.copy_from_slice(grey.as_raw());
        Ok(Self { pixels })
    }

    /// The image as a PNG file.
    ///
    /// # Errors
    ///
    /// If the encoder fails.
    pub fn encode(&self) -> Result<Vec<u8>, ImageError> {
        let mut png = Vec::new();
        PngEncoder::new(&mut png).write_image(&self.pixels, WIDTH, WIDTH, ExtendedColorType::L8)?;
        Ok(png)
    }

    /// Its pixels, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[u8; PIXELS] {
        &self.pixels
    }

    /// What the model takes: brightness from 0 to 1, normalised by MNIST's mean and deviation.
    pub fn normalized(&self) -> impl Iterator<Item = f32> {
        self.pixels
            .iter()
            .map(|&pixel| (f32::from(pixel) / 255.0 - MEAN) / DEVIATION)
    }
}
