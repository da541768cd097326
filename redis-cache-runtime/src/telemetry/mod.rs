//! Counters, metrics, events, and the outcome that an observer sees.

mod counters;
pub(crate) mod metrics;
mod observer;
mod reporter;

pub use self::observer::{observe, observe_async};
#[cfg(feature = "metrics")]
pub(crate) use self::reporter::{is_kept_off, report_here};
pub(crate) use self::{
    counters::{Counters, Event},
    observer::record,
    reporter::{
        is_on_our_thread, is_reporting, keep_off, queue, report, settle, settle_on_exit, settled,
    },
};
