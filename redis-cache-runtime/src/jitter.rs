//! Chance, where it only has to spread things out.

use std::hash::{BuildHasher as _, RandomState};

/// A number from 0 to 1. The standard library's hasher is seeded at random; that is random enough here.
pub(crate) fn random() -> f64 {
    let bits = RandomState::new().hash_one(0) >> 40;
    f64::from(u32::try_from(bits).unwrap_or(0)) / f64::from(1 << 24)
}
