//! Whether this thread leads a call: it computes for all who wait, so it must not wait for anybody.
//!
//! A leader that followed another could be waited for in turn. That happens where a body runs other calls than it makes: a thread
//! pool whose workers take up what lies there while they wait, or two handlers that call each other.

use std::cell::Cell;

use crate::process::stack;

thread_local! {
    /// How many calls this thread leads, one inside the other.
    static LED: Cell<usize> = const { Cell::new(0) };
}

/// Whether what is running on this thread runs for a call that is led here.
pub(crate) fn leads_here() -> bool {
    LED.try_with(|led| led.get() > 0).unwrap_or(false)
}

/// Runs `body` for all who wait.
pub(crate) fn run<R>(body: impl FnOnce() -> R) -> R {
    let _leading = Leading::begin();
    stack::with_room(body)
}

/// That this thread leads a call, until it is dropped; also where what it does panics.
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
