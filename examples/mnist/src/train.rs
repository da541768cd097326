//! Training on generated digits.

use std::collections::HashMap;
use std::f64::consts::PI;

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::loss::nll;
use candle_nn::{AdamW, Optimizer as _, ParamsAdamW};

use crate::batch::Batch;
use crate::dropout::RandomDropout;
use crate::model::{Net, PARAMETERS};
use crate::random::Dice;

const BATCH: usize = 64;

/// The learning rate of the first step; it falls along half a cosine wave.
const FIRST_RATE: f64 = 1e-3;

/// The learning rate of the last step.
const LAST_RATE: f64 = 1e-5;

/// Trains a network, step by step.
#[derive(Debug)]
pub struct Trainer {
    parameters: HashMap<String, Var>,
    net: Net,
    optimizer: AdamW,
    digits: Dice,
    dropout: Dice,
    done: u32,
    steps: u32,
}

impl Trainer {
    /// A network with random parameters, to be trained in `steps` steps.
    ///
    /// # Errors
    ///
    /// If a tensor operation fails.
    pub fn new(steps: u32, seed: u64) -> Result<Self> {
        let dice = Dice::new(seed);
        let mut parameters = HashMap::new();
        for (name, shape) in PARAMETERS {
            parameters.insert(name.to_owned(), initial(name, shape, &dice)?);
        }
        let tensors = parameters
            .iter()
            .map(|(name, var)| (name.clone(), var.as_tensor().clone()))
            .collect();
        let adam = ParamsAdamW {
            lr: FIRST_RATE,
            weight_decay: 0.0,
            ..ParamsAdamW::default()
        };
        Ok(Self {
            net: Net::new(&tensors)?,
            optimizer: AdamW::new(parameters.values().cloned().collect(), adam)?,
            parameters,
            digits: dice.split(),
            dropout: dice.split(),
            done: 0,
            steps,
        })
    }

    /// Trains on one batch, and returns the loss on it.
    ///
    /// # Errors
    ///
    /// If a tensor operation fails.
    pub fn step(&mut self) -> Result<f32> {
        self.optimizer.set_learning_rate(self.learning_rate());
        let batch = Batch::generate(BATCH, &self.digits)?;
        let mut dropout = RandomDropout(&self.dropout);
        let output = self.net.forward_with(&batch.images, &mut dropout)?;
        let loss = nll(&output, &batch.labels)?;
        self.optimizer.backward_step(&loss)?;
        self.done += 1;
        loss.to_scalar()
    }

    fn learning_rate(&self) -> f64 {
        let progress = f64::from(self.done) / f64::from(self.steps);
        LAST_RATE + (FIRST_RATE - LAST_RATE) * 0.5 * (1.0 + (PI * progress).cos())
    }

    /// Its parameters as half floats.
    ///
    /// # Errors
    ///
    /// If a tensor operation fails.
    pub fn parameters(&self) -> Result<HashMap<String, Tensor>> {
        self.parameters
            .iter()
            .map(|(name, var)| Ok((name.clone(), var.as_tensor().to_dtype(DType::F16)?)))
            .collect()
    }
}

/// As PyTorch initialises its layers: uniform, bounded by the root of the number of inputs.
fn initial(name: &str, shape: &[usize], dice: &Dice) -> Result<Var> {
    let inputs: f32 = match name.split('.').next() {
        Some("conv1") => 9.0,
        Some("conv2") => 288.0,
        Some("fc1") => 9216.0,
        _ => 128.0,
    };
    let bound = 1.0 / inputs.sqrt();
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| dice.between(-bound, bound))
        .collect();
    Var::from_vec(values, shape, &Device::Cpu)
}
