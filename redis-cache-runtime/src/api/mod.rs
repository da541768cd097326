//! What people use beside the attribute.

mod handle;
mod operation;

pub use self::{
    handle::{CacheInfo, HandlerCache, Parameters, flush_all},
    operation::Operation,
};
