//! Whether this thread runs the user's serde code for the cache's sake.
//!
//! Without the cache that code would not run. If it calls a handler, the call must not be cached: to encode, read back or compare
//! that call's value would run the same code again, without an end.

use std::cell::Cell;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Whether the cache runs serde code of the user's on this thread.
pub(crate) fn is_here() -> bool {
    DEPTH.try_with(|depth| depth.get() > 0).unwrap_or(false)
}

/// Marks the thread until it is dropped, also by a panic.
#[derive(Debug)]
pub(crate) struct SerdeCode(());

impl SerdeCode {
    pub(crate) fn begin() -> Self {
        _ = DEPTH.try_with(|depth| depth.set(depth.get() + 1));
        Self(())
    }
}

impl Drop for SerdeCode {
    fn drop(&mut self) {
        _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}
