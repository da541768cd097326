//! Whether the values of one instantiation come back: whether an encoded value, read back, equals the value of the body.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// After so many values that did not come back, with none that did, an instantiation counts as unreadable.
const FAILURES: u32 = 3;

/// Of an unreadable instantiation's calls one in so many looks for a value again.
const RETRY: u32 = 256;

/// Counts the values of an instantiation that did not come back. Values of some types never do (serde writes a field under one
/// name and reads it by another): their calls can skip the look-up and the copy.
#[derive(Debug, Default)]
pub(crate) struct Readable {
    failures: AtomicU32,
    has_come_back: AtomicBool,
    calls: AtomicU32,
}

impl Readable {
    /// Counts one value that came back, or did not.
    pub(crate) fn learn(&self, comes_back: bool) {
        if comes_back {
            // Mostly it is set already, and unlike a store a load leaves the cache line shared between cores.
            if !self.has_come_back.load(Ordering::Relaxed) {
                self.has_come_back.store(true, Ordering::Relaxed);
            }
        } else {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether this call is to look for a value.
    pub(crate) fn is_worth_a_try(&self) -> bool {
        if self.has_come_back.load(Ordering::Relaxed)
            || self.failures.load(Ordering::Relaxed) < FAILURES
        {
            return true;
        }
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        call % RETRY == RETRY - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_comes_back_is_tried_seldom_and_what_once_did_always() {
        let readable = Readable::default();
        for _ in 0..FAILURES {
            assert!(readable.is_worth_a_try());
            readable.learn(false);
        }
        let tries = |calls: u32| (0..calls).filter(|_| readable.is_worth_a_try()).count();
        assert_eq!(tries(RETRY - 1), 0);
        assert_eq!(tries(1), 1);
        readable.learn(false);
        assert_eq!(tries(2 * RETRY), 2);
        readable.learn(true);
        readable.learn(false);
        assert_eq!(tries(10), 10);
    }
}
