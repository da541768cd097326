//! Variables that make a test run longer.

use std::env;

/// Returns the number in the environment variable `name`, or `default`.
#[must_use]
#[track_caller]
pub fn number_from_env(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |number| {
        number
            .parse()
            .unwrap_or_else(|error| panic!("{name}={number}: {error}"))
    })
}
