//! Chance, where it only has to spread things out.

use std::hash::{BuildHasher as _, RandomState};

/// A number from 0 to 1. The standard library's hasher is seeded at random; that is random enough here.
pub(crate) fn random() -> f64 {
    let bits = RandomState::new().hash_one(0) >> 40;
    f64::from(u32::try_from(bits).unwrap_or(0)) / f64::from(1 << 24)
}

/// Puts `items` in any order.
pub(crate) fn shuffle<T>(items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last + 1));
    }
}

/// A number that is not known to anybody beforehand.
pub(crate) fn nonce() -> u64 {
    RandomState::new().hash_one(0)
}

fn below(bound: usize) -> usize {
    usize::try_from(nonce()).unwrap_or(0) % bound
}
