//! Dropout: what keeps the network from relying on single activations while it is trained.

use candle_core::{Device, Result, Tensor};

use crate::random::Dice;

/// The share of feature maps dropped after the pool.
const MAPS: f32 = 0.25;

/// The share of activations dropped after the first fully connected layer.
const UNITS: f32 = 0.5;

/// What is done to the activations at the two places where the network has dropout.
pub trait Dropout {
    /// Takes the activations after the pool, of shape `(n, maps, rows, columns)`.
    ///
    /// # Errors
    ///
    /// If a tensor operation fails.
    fn after_pool(&mut self, activations: Tensor) -> Result<Tensor>;

    /// Takes the activations of the first fully connected layer, of shape `(n, units)`.
    ///
    /// # Errors
    ///
    /// If a tensor operation fails.
    fn after_fc1(&mut self, activations: Tensor) -> Result<Tensor>;
}

/// Drops nothing: for inference.
#[derive(Clone, Copy, Debug)]
pub struct NoDropout;

impl Dropout for NoDropout {
    fn after_pool(&mut self, activations: Tensor) -> Result<Tensor> {
        Ok(activations)
    }

    fn after_fc1(&mut self, activations: Tensor) -> Result<Tensor> {
        Ok(activations)
    }
}

/// Drops whole feature maps, and single units, by chance: for training.
#[derive(Clone, Copy, Debug)]
pub struct RandomDropout<'a>(pub &'a Dice);

impl RandomDropout<'_> {
    /// Zeros for what is dropped; the rest is scaled up, so that the sum stays about the same.
    fn mask(self, shape: &[usize], ratio: f32) -> Result<Tensor> {
        let kept = 1.0 / (1.0 - ratio);
        let mask: Vec<f32> = (0..shape.iter().product())
            .map(|_| if self.0.chance(ratio) { 0.0 } else { kept })
            .collect();
        Tensor::from_vec(mask, shape, &Device::Cpu)
    }
}

impl Dropout for RandomDropout<'_> {
    fn after_pool(&mut self, activations: Tensor) -> Result<Tensor> {
        let (images, maps, ..) = activations.dims4()?;
        activations.broadcast_mul(&self.mask(&[images, maps, 1, 1], MAPS)?)
    }

    fn after_fc1(&mut self, activations: Tensor) -> Result<Tensor> {
        activations.mul(&self.mask(activations.dims(), UNITS)?)
    }
}
