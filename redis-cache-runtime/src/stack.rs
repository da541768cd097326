//! More stack for what recurses through a cache.
//!
//! A call adds frames of ours to those of the body: a recursion that fits into a thread's stack without the cache would not
//! with it. So where little is left, what comes next runs on a segment of its own.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// With less than this left a segment is added. It has to do for all that comes before the next look at what is left: a look-up
/// that connects over TLS, for one.
const RED_ZONE: usize = 192 * 1024;

/// As much as a thread has by default. Only what is touched takes memory.
const SEGMENT: usize = 2 * 1024 * 1024;

/// Runs `code` with at least [`RED_ZONE`] of stack, if there is memory for it.
pub(crate) fn with_room<R>(code: impl FnOnce() -> R) -> R {
    // Where the system does not say what is left, it is as without us.
    if stacker::remaining_stack().is_none_or(|left| left >= RED_ZONE) {
        return code();
    }
    on_segment(code)
}

#[cold]
#[inline(never)]
fn on_segment<R>(code: impl FnOnce() -> R) -> R {
    // `stacker` panics where it gets no memory, which the program would notice by its hook.
    if !is_to_be_had(SEGMENT) {
        return code();
    }
    let mut code = Some(code);
    let run = AssertUnwindSafe(|| stacker::grow(SEGMENT, || code.take().map(|code| code())));
    match (catch_unwind(run), code) {
        (Ok(Some(value)), _) => value,
        // There was no memory all the same, and it has not begun.
        (_, Some(code)) => code(),
        (Err(panic), None) => resume_unwind(panic),
        (Ok(None), None) => unreachable!("it begins once"),
    }
}

/// Whether there is memory for a segment: a few pages around it are the guards'.
fn is_to_be_had(bytes: usize) -> bool {
    Vec::<u8>::new()
        .try_reserve_exact(bytes + 64 * 1024)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use std::{hint::black_box, thread};

    use super::*;

    /// Takes about a KiB a level.
    fn descend(levels: u32) -> u32 {
        let frame = black_box([levels; 256]);
        let below = if levels == 0 {
            0
        } else {
            with_room(|| descend(levels - 1))
        };
        below + u32::from(black_box(frame)[7] == levels)
    }

    #[test]
    fn a_recursion_goes_deeper_than_its_thread_has_stack() {
        let levels = 20_000;
        let thread = thread::Builder::new().stack_size(512 * 1024);
        let descended = thread.spawn(move || descend(levels)).unwrap();
        assert_eq!(descended.join().unwrap(), levels + 1);
    }

    #[test]
    fn a_panic_comes_through_as_it_was() {
        let thread = thread::Builder::new().stack_size(RED_ZONE / 2);
        let panicked = thread
            .spawn(|| with_room(|| std::panic::panic_any(7_u8)))
            .unwrap();
        let panic = panicked.join().unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&7_u8));
    }

    #[test]
    fn where_there_is_no_memory_it_runs_in_place() {
        assert!(is_to_be_had(SEGMENT));
        // More than there are addresses.
        assert!(!is_to_be_had(1 << 50));
    }
}
