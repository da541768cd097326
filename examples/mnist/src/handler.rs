//! The handler: preprocess, inference, postprocess, as TorchServe's handlers have it.

use std::sync::Arc;

use candle_core::{D, Device, Tensor};
use redis_cache_runtime::{CacheIdentity, SkipInKey, handler_cache};
use serde::{Deserialize, Serialize};
use tokio::task::{JoinError, spawn_blocking};
use tracing::debug;

use crate::image::{DecodeError, DigitImage, SIDE};
use crate::model::Net;
use crate::weights::Weights;

/// Tells which digit an image shows.
#[derive(Clone, Debug)]
pub struct MnistHandler {
    net: Arc<Net>,
    weights: [u8; 32],
    cached: bool,
}

/// What belongs to a request, but not to its answer.
#[derive(Clone, Debug)]
pub struct Context {
    /// Counts the server's requests.
    pub request_id: u64,
}

impl SkipInKey for Context {}

/// The answer of the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Prediction {
    /// The digit that the image most probably shows.
    pub digit: u32,
}

/// Why there is no prediction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandleError {
    /// The image is not one that the model takes.
    #[error(transparent)]
    Image(#[from] DecodeError),
    /// The model failed.
    #[error("the model failed: {0}")]
    Model(#[from] candle_core::Error),
    /// The model panicked, or the runtime is shutting down.
    #[error("the model did not finish: {0}")]
    Unfinished(#[from] JoinError),
}

impl MnistHandler {
    /// A handler that answers by the given weights.
    ///
    /// # Errors
    ///
    /// If the weights are not those of [`Net`].
    pub fn new(weights: &Weights) -> candle_core::Result<Self> {
        Ok(Self {
            net: Arc::new(Net::new(weights.parameters())?),
            weights: *weights.digest().as_bytes(),
            cached: true,
        })
    }

    /// Runs the model for every request: what the cache is compared with.
    #[must_use]
    pub fn uncached(self) -> Self {
        Self {
            cached: false,
            ..self
        }
    }

    /// Answers a request, through the cache unless that is off.
    ///
    /// # Errors
    ///
    /// Those of [`handle`](Self::handle).
    pub async fn answer(&self, image: &[u8], context: &Context) -> Result<Prediction, HandleError> {
        if self.cached {
            self.handle(image, context).await
        } else {
            self.predict(image).await
        }
    }

    /// Tells which digit the PNG file `image` shows.
    ///
    /// # Errors
    ///
    /// If `image` is not a PNG image of 28×28 pixels, or the model fails.
    #[handler_cache(host = "localhost", port = 6379, db = 0, maxsize = 128)]
    pub async fn handle(&self, image: &[u8], context: &Context) -> Result<Prediction, HandleError> {
        debug!(request = context.request_id, "running the model");
        self.predict(image).await
    }

    async fn predict(&self, image: &[u8]) -> Result<Prediction, HandleError> {
        let input = preprocess(image)?;
        let output = self.inference(input).await?;
        postprocess(&output)
    }

    async fn inference(&self, input: Tensor) -> Result<Tensor, HandleError> {
        let net = Arc::clone(&self.net);
        Ok(spawn_blocking(move || net.forward(&input)).await??)
    }
}

/// Other weights give other answers, so they are part of the key.
impl CacheIdentity for MnistHandler {
    fn cache_identity(&self) -> impl Serialize {
        self.weights
    }
}

fn preprocess(image: &[u8]) -> Result<Tensor, HandleError> {
    let pixels: Vec<f32> = DigitImage::decode(image)?.normalized().collect();
    Ok(Tensor::from_vec(pixels, (1, 1, SIDE, SIDE), &Device::Cpu)?)
}

fn postprocess(output: &Tensor) -> Result<Prediction, HandleError> {
    let digit = output.argmax(D::Minus1)?.squeeze(0)?.to_scalar()?;
    Ok(Prediction { digit })
}
