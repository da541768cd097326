//! The call sites that threads are opening.

use std::{
    cell::RefCell,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use super::Site;

thread_local! {
    /// The call sites that this thread is opening.
    static OPENING: RefCell<Vec<*const Site>> = const { RefCell::new(Vec::new()) };
}

/// The most threads that open one call site at a time. Further ones wait: without a bound, settings that start a thread which
/// calls the handler would start threads for ever.
const OPENERS: usize = 4;

/// How long further threads wait; then their calls run uncached.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// A call site that this thread is opening, until it is dropped.
pub(super) struct Opening<'s> {
    openers: &'s AtomicUsize,
}

impl<'s> Opening<'s> {
    /// `None` where this thread is opening the site already, or [`OPENERS`] threads are.
    pub(super) fn begin(site: &Site, openers: &'s AtomicUsize) -> Option<Self> {
        let one_more = |openers| (openers < OPENERS).then_some(openers + 1);
        openers
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .ok()?;
        let site: *const Site = site;
        let again = OPENING.try_with(|opening| {
            let mut opening = opening.borrow_mut();
            let again = opening.contains(&site);
            if !again {
                opening.push(site);
            }
            again
        });
        // A thread that is ending opens nothing more.
        if again == Ok(false) {
            return Some(Self { openers });
        }
        openers.fetch_sub(1, Ordering::AcqRel);
        None
    }

    /// Whether this thread is opening any site. Then it must not wait for other threads, which may wait for it.
    pub(super) fn is_under_way() -> bool {
        OPENING.try_with(|opening| opening.borrow().is_empty()) != Ok(true)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        _ = OPENING.try_with(|opening| opening.borrow_mut().pop());
        self.openers.fetch_sub(1, Ordering::AcqRel);
    }
}
