//! The public types beside the attribute.

mod handle;
mod info;
mod operation;

pub use self::{
    handle::{HandlerCache, flush_all},
    info::{CacheInfo, Parameters},
    operation::Operation,
};
