//! Keeps a panic in the user's serde code away from the user's call: without the cache that code would not
//! have run.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The code panicked; the panic hook has reported how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panicked;

/// Runs `code`, which may panic. The caller must not use values that `code` was changing when it panicked.
pub(crate) fn catch_panic<T>(code: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        // The panic's payload is the user's as well, and its `Drop` may panic.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        dropped.unwrap_or_else(std::mem::forget);
        Panicked
    })
}

/// Drops a value of the user's type that no user code has ever had: no caller expects a panic of its `Drop`.
pub(crate) fn discard<T>(value: T) {
    _ = catch_panic(|| drop(value));
}
