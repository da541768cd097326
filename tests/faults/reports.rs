//! A subscriber or a recorder that is in the way.

use crate::rig::ends_well;

#[test]
fn a_subscriber_that_panics() {
    ends_well(&["reports", "subscriber", "panics"], &[]);
}

#[test]
fn a_subscriber_that_blocks() {
    ends_well(&["reports", "subscriber", "blocks"], &[]);
}

#[test]
fn a_subscriber_that_calls_handlers() {
    ends_well(&["reports", "subscriber", "calls-handlers"], &[]);
}

#[test]
fn a_subscriber_that_asks_caches() {
    ends_well(&["reports", "subscriber", "asks-caches"], &[]);
}

#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_panics() {
    ends_well(&["reports", "recorder", "panics"], &[]);
}

/// On a thread of the cache; one that blocks a caller's thread blocks that call.
#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_blocks() {
    ends_well(&["reports", "recorder", "blocks"], &[]);
}

#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_calls_handlers() {
    ends_well(&["reports", "recorder", "calls-handlers"], &[]);
}

#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_asks_caches() {
    ends_well(&["reports", "recorder", "asks-caches"], &[]);
}
