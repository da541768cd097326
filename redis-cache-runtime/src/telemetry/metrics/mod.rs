//! The metrics of caches and endpoints, for the `metrics` facade. The README lists the names.
//!
//! The recorder is asked for a handle once: when its cache or endpoint is opened, or at the first error of its kind. Calls look
//! nothing up by name. The recorder is the user's code: no lock of the cache is held while it runs, and its panics are caught.
//! Without the feature `metrics` the handles are of no size and do nothing.

mod cache;
#[cfg(feature = "metrics")]
mod descriptions;
mod endpoint;
mod error_type;
#[cfg(feature = "metrics")]
mod instrument;
#[cfg_attr(not(feature = "metrics"), path = "no_instruments.rs")]
mod instruments;
mod lookups;
mod operation;

pub(crate) use self::{
    cache::{CacheMetrics, Invalidation},
    endpoint::EndpointMetrics,
    error_type::ErrorType,
    instruments::{Lap, Level, Stopwatch},
    operation::CacheOperation,
};
