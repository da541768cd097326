//! Keeps a panic in the user's serde code away from the user's call: without the cache that code would not
//! have run.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// That the code panicked; the panic hook has reported how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panicked;

/// Runs `code`, which may panic. What it was writing must not be used afterwards.
pub(crate) fn catch_panic<T>(code: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        // What was panicked with is the user's as well, and may panic when it is dropped.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        dropped.unwrap_or_else(std::mem::forget);
        Panicked
    })
}

/// Drops a value of the user's that the user has never had: a panic of its `Drop` is nobody's.
pub(crate) fn discard<T>(value: T) {
    _ = catch_panic(|| drop(value));
}
