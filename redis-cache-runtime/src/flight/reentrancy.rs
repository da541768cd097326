//! Whether this thread leads a call: a leader has followers, so it must not follow another call.
//!
//! Two leaders that follow each other's calls deadlock. That happens where a thread pool's worker steals other calls while its body
//! waits, or where two handlers call each other.

use std::cell::Cell;

use crate::process::stack;

thread_local! {
    /// How many nested calls this thread leads.
    static LED: Cell<usize> = const { Cell::new(0) };
}

/// Whether this thread runs the body of a call that it leads.
pub(crate) fn leads_here() -> bool {
    LED.try_with(|led| led.get() > 0).unwrap_or(false)
}

/// Runs `body` as a leader.
pub(crate) fn run<R>(body: impl FnOnce() -> R) -> R {
    let _leading = Leading::begin();
    stack::with_room(body)
}

/// Marks the thread as a leader until it is dropped, also by a panic.
#[derive(Debug)]
pub(crate) struct Leading(());

impl Leading {
    pub(crate) fn begin() -> Self {
        _ = LED.try_with(|led| led.set(led.get() + 1));
        Self(())
    }
}

impl Drop for Leading {
    fn drop(&mut self) {
        _ = LED.try_with(|led| led.set(led.get().saturating_sub(1)));
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_thread_leads_while_its_bodies_run() {
        assert!(!leads_here());
        run(|| {
            run(|| assert!(leads_here()));
            assert!(leads_here());
        });
        let panicked = catch_unwind(|| run(|| panic!("in the body")));
        assert!(panicked.is_err());
        assert!(!leads_here());
    }
}
