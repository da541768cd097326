//! Random numbers: to spread waits, and to name things that no other process may name alike.

use std::{
    hash::{BuildHasher as _, RandomState},
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

/// A number from 0 to 1. The standard library's hasher is seeded at random, but alike in forked processes.
pub(crate) fn random() -> f64 {
    let bits = RandomState::new().hash_one(process::id()) >> 40;
    f64::from(u32::try_from(bits).unwrap_or(0)) / f64::from(1 << 24)
}

/// Puts `items` in any order.
pub(crate) fn shuffle<T>(items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last + 1));
    }
}

/// A number that no other process makes, not even one forked from this one.
pub(crate) fn nonce() -> u64 {
    getrandom::u64().unwrap_or_else(|_| without_system())
}

/// Where the system gives no random numbers.
fn without_system() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    RandomState::new().hash_one((process::id(), SystemTime::now(), count))
}

fn below(bound: usize) -> usize {
    usize::try_from(nonce()).unwrap_or(0) % bound
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_are_the_same() {
        let made: HashSet<_> = (0..1000)
            .flat_map(|_| [nonce(), without_system()])
            .collect();
        assert_eq!(made.len(), 2000);
    }
}
