//! Classifies images of handwritten digits with the network of TorchServe's MNIST example, behind
//! TorchServe's inference API, its answers cached in Redis.
//!
//! [`handler`] is where the cache is; [`server`] puts it behind HTTP. [`train`] makes the weights
//! from [`digits`] that a generator writes.

mod api_error;
pub mod batch;
mod cache_status;
pub mod digits;
pub mod dropout;
pub mod handler;
pub mod image;
pub mod model;
pub mod random;
pub mod server;
pub mod train;
pub mod weights;
