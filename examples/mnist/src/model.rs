//! The network of TorchServe's MNIST example.

use std::collections::HashMap;

use candle_core::{D, Result, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, Linear, Module as _, ops::log_softmax};

use crate::dropout::{Dropout, NoDropout};

/// The digits that the network tells apart.
pub const CLASSES: usize = 10;

/// Each parameter's name in the state dict, with its shape.
pub const PARAMETERS: [(&str, &[usize]); 8] = [
    ("conv1.weight", &[32, 1, 3, 3]),
    ("conv1.bias", &[32]),
    ("conv2.weight", &[64, 32, 3, 3]),
    ("conv2.bias", &[64]),
    ("fc1.weight", &[128, 9216]),
    ("fc1.bias", &[128]),
    ("fc2.weight", &[CLASSES, 128]),
    ("fc2.bias", &[CLASSES]),
];

/// Two convolutions and two fully connected layers.
#[derive(Clone, Debug)]
pub struct Net {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
}

impl Net {
    /// The network with the given parameters, which have the names of [`PARAMETERS`].
    ///
    /// # Errors
    ///
    /// If a parameter is missing.
    pub fn new(parameters: &HashMap<String, Tensor>) -> Result<Self> {
        let named = |name: &str| {
            parameters
                .get(name)
                .cloned()
                .ok_or_else(|| candle_core::Error::Msg(format!("no parameter `{name}`")))
        };
        let conv = |name: &str| -> Result<Conv2d> {
            let weight = named(&format!("{name}.weight"))?;
            let bias = named(&format!("{name}.bias"))?;
            Ok(Conv2d::new(weight, Some(bias), Conv2dConfig::default()))
        };
        let linear = |name: &str| -> Result<Linear> {
            let weight = named(&format!("{name}.weight"))?;
            let bias = named(&format!("{name}.bias"))?;
            Ok(Linear::new(weight, Some(bias)))
        };
        Ok(Self {
            conv1: conv("conv1")?,
            conv2: conv("conv2")?,
            fc1: linear("fc1")?,
            fc2: linear("fc2")?,
        })
    }

    /// The logarithms of the digits' probabilities, for images of shape `(n, 1, 28, 28)`.
    ///
    /// # Errors
    ///
    /// If `images` has another shape.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor> {
        self.forward_with(images, &mut NoDropout)
    }

    /// As [`forward`](Self::forward), dropping activations on the way.
    ///
    /// # Errors
    ///
    /// If `images` has another shape, or `dropout` fails.
    pub fn forward_with(&self, images: &Tensor, dropout: &mut impl Dropout) -> Result<Tensor> {
        let x = self.conv1.forward(images)?.relu()?;
        let x = self.conv2.forward(&x)?.max_pool2d(2)?;
        let x = dropout.after_pool(x)?.flatten_from(1)?;
        let x = dropout.after_fc1(self.fc1.forward(&x)?.relu()?)?;
        log_softmax(&self.fc2.forward(&x)?, D::Minus1)
    }
}
