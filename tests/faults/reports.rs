//! A subscriber or a recorder that is in the way.

use cache_tests_support::{Manner, Reporter, Task};

use crate::rig::ends_well;

#[track_caller]
fn ends_beside(reporter: Reporter, manner: Manner) {
    ends_well(&Task::Reports { reporter, manner }, &[]);
}

#[test]
fn a_subscriber_that_panics() {
    ends_beside(Reporter::Subscriber, Manner::Panics);
}

#[test]
fn a_subscriber_that_blocks() {
    ends_beside(Reporter::Subscriber, Manner::Blocks);
}

#[test]
fn a_subscriber_that_calls_handlers() {
    ends_beside(Reporter::Subscriber, Manner::CallsHandlers);
}

#[test]
fn a_subscriber_that_asks_caches() {
    ends_beside(Reporter::Subscriber, Manner::AsksCaches);
}

#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_panics() {
    ends_beside(Reporter::Recorder, Manner::Panics);
}

/// The recorder blocks threads of the cache only: on a caller's thread it would block that call.
#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_blocks() {
    ends_beside(Reporter::Recorder, Manner::Blocks);
}

#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_calls_handlers() {
    ends_beside(Reporter::Recorder, Manner::CallsHandlers);
}

#[cfg(feature = "metrics")]
#[test]
fn a_recorder_that_asks_caches() {
    ends_beside(Reporter::Recorder, Manner::AsksCaches);
}
