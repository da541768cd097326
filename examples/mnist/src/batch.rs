//! Images with the digits they show.

use candle_core::{D, DType, Device, Result, Tensor};

use crate::digits;
use crate::image::{DigitImage, SIDE};
use crate::model::Net;
use crate::random::Dice;

/// Images with their labels, as tensors.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Shape `(n, 1, 28, 28)`, normalised.
    pub images: Tensor,
    /// Shape `(n,)`.
    pub labels: Tensor,
}

impl Batch {
    /// The given images, and the digit that each shows.
    ///
    /// # Errors
    ///
    /// If there are more or fewer labels than images.
    pub fn new(images: &[DigitImage], labels: &[u8]) -> Result<Self> {
        let pixels: Vec<f32> = images.iter().flat_map(DigitImage::normalized).collect();
        let labels: Vec<u32> = labels.iter().copied().map(u32::from).collect();
        let size = labels.len();
        Ok(Self {
            images: Tensor::from_vec(pixels, (size, 1, SIDE, SIDE), &Device::Cpu)?,
            labels: Tensor::from_vec(labels, size, &Device::Cpu)?,
        })
    }

    /// `size` generated digits, each digit about as often as the next.
    ///
    /// # Errors
    ///
    /// If a tensor operation fails.
    pub fn generate(size: usize, dice: &Dice) -> Result<Self> {
        let labels: Vec<u8> = (0..=9).cycle().take(size).collect();
        let images: Vec<DigitImage> = labels.iter().map(|&l| digits::draw(l, dice)).collect();
        Self::new(&images, &labels)
    }

    /// How many of the labels `net` finds.
    ///
    /// # Errors
    ///
    /// If a tensor operation fails.
    pub fn count_right(&self, net: &Net) -> Result<u32> {
        let predictions = net.forward(&self.images)?.argmax(D::Minus1)?;
        let right = predictions.eq(&self.labels)?.to_dtype(DType::U32)?;
        right.sum_all()?.to_scalar()
    }
}
