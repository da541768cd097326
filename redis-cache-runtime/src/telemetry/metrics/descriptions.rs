//! The descriptions of the metrics, for exporters that show them.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Gives the descriptions to the recorder of the process.
pub(super) fn describe() {
    for (name, unit, meaning) in COUNTERS {
        describe_counter!(name, unit, meaning);
    }
    for (name, unit, meaning) in GAUGES {
        describe_gauge!(name, unit, meaning);
    }
    for (name, unit, meaning) in HISTOGRAMS {
        describe_histogram!(name, unit, meaning);
    }
}

const COUNTERS: [(&str, Unit, &str); 8] = [
    (
        "handler_cache_requests_total",
        Unit::Count,
        "Calls that have ended, by how they were answered",
    ),
    (
        "handler_cache_compute_saved_microseconds_total",
        Unit::Microseconds,
        "What the answered calls' bodies took when they ran",
    ),
    (
        "handler_cache_evictions_total",
        Unit::Count,
        "Entries that were deleted to make room, or because they were damaged",
    ),
    (
        "handler_cache_writes_total",
        Unit::Count,
        "What became of values that were to be written",
    ),
    (
        "handler_cache_errors_total",
        Unit::Count,
        "What went wrong, and at what",
    ),
    (
        "handler_cache_invalidations_total",
        Unit::Count,
        "Deletions of one entry or of all that were asked for or heard of",
    ),
    (
        "handler_cache_breaker_transitions_total",
        Unit::Count,
        "Changes of the circuit breaker",
    ),
    (
        "handler_cache_reconnects_total",
        Unit::Count,
        "Connections that were made after the first",
    ),
];

const GAUGES: [(&str, Unit, &str); 6] = [
    (
        "handler_cache_entries_limit",
        Unit::Count,
        "The most entries; absent where there is no bound",
    ),
    (
        "handler_cache_write_queue_length",
        Unit::Count,
        "Values on their way to Redis",
    ),
    (
        "handler_cache_inflight",
        Unit::Count,
        "Calls that have begun and not ended",
    ),
    (
        "handler_cache_coalesced_waiters",
        Unit::Count,
        "Calls that wait for another's result",
    ),
    (
        "handler_cache_breaker_state",
        Unit::Count,
        "0 closed, 1 half-open, 2 open",
    ),
    (
        "handler_cache_connection_up",
        Unit::Count,
        "Whether there is a connection",
    ),
];

const HISTOGRAMS: [(&str, Unit, &str); 3] = [
    (
        "handler_cache_lookup_duration_seconds",
        Unit::Seconds,
        "Look-ups in Redis",
    ),
    (
        "handler_cache_handler_duration_seconds",
        Unit::Seconds,
        "Runs of the body",
    ),
    (
        "handler_cache_value_size_bytes",
        Unit::Bytes,
        "Values as Redis has them, with their envelope",
    ),
];
