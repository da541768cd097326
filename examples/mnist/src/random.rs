//! The seeded source of randomness of the generator and of the training.

use std::cell::RefCell;

use fastrand::Rng;

/// Seeded random numbers, drawn through a shared reference so that draws can be nested.
#[derive(Clone, Debug)]
pub struct Dice {
    rng: RefCell<Rng>,
}

impl Dice {
    /// The same seed always gives the same numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            rng: RefCell::new(Rng::with_seed(seed)),
        }
    }

    /// Dice of their own, whose numbers follow from those drawn so far.
    pub(crate) fn split(&self) -> Self {
        Self::new(self.rng.borrow_mut().u64(..))
    }

    /// Uniform in `0..1`.
    pub(crate) fn unit(&self) -> f32 {
        self.rng.borrow_mut().f32()
    }

    /// Uniform in `low..high`.
    pub(crate) fn between(&self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// `true` with the given probability.
    pub(crate) fn chance(&self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Close to the standard normal distribution, and never beyond ±6.
    pub(crate) fn normal(&self) -> f32 {
        (0..12).map(|_| self.unit()).sum::<f32>() - 6.0
    }
}
