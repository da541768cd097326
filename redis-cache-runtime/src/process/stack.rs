//! More stack for recursion through a cache.
//!
//! A call adds frames of the cache to those of the body: a recursion that fits into a thread's stack without the cache would not
//! fit with it. Where little stack is left, the next level runs on a segment of its own.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::{Context, Poll},
};

/// Bytes of stack. With less left a segment is added. It has to suffice until the stack is checked again: for a look-up that
/// connects over TLS, for one.
const RED_ZONE: usize = 192 * 1024;

/// Bytes of a segment, as many as a thread has by default. Only pages that are touched take memory.
const SEGMENT: usize = 2 * 1024 * 1024;

/// Runs `code` with at least [`RED_ZONE`] of stack, if there is memory for it.
pub(crate) fn with_room<R>(code: impl FnOnce() -> R) -> R {
    // Where the system does not tell how much stack is left, `code` runs as without the cache.
    if stacker::remaining_stack().is_none_or(|left| left >= RED_ZONE) {
        return code();
    }
    on_segment(code)
}

/// A future that is polled and dropped with room on the stack: the futures inside it may be deep as well.
#[derive(Debug)]
pub(crate) struct Deep<F>(Option<Pin<Box<F>>>);

impl<F> Deep<F> {
    pub(crate) fn new(future: F) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl<F: Future> Future for Deep<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        match &mut self.0 {
            Some(future) => with_room(|| future.as_mut().poll(context)),
            // Only `drop` takes the future out.
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Deep<F> {
    fn drop(&mut self) {
        let future = self.0.take();
        with_room(|| drop(future));
    }
}

#[cold]
#[inline(never)]
fn on_segment<R>(code: impl FnOnce() -> R) -> R {
    // `stacker` panics without memory for a segment, and the program's panic hook would run.
    if !is_to_be_had(SEGMENT) {
        return code();
    }
    let mut code = Some(code);
    let run = AssertUnwindSafe(|| stacker::grow(SEGMENT, || code.take().map(|code| code())));
    match (catch_unwind(run), code) {
        (Ok(Some(value)), _) => value,
        // The memory was gone by then, and `code` has not begun.
        (_, Some(code)) => code(),
        (Err(panic), None) => resume_unwind(panic),
        (Ok(None), None) => unreachable!("it begins once"),
    }
}

/// Whether there is memory for a segment and its guard pages.
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
    fn a_deep_future_is_polled_and_dropped() {
        fn nest(levels: u32) -> Deep<Pin<Box<dyn Future<Output = u32> + Send>>> {
            Deep::new(Box::pin(async move {
                tokio::task::yield_now().await;
                if levels == 0 {
                    0
                } else {
                    1 + nest(levels - 1).await
                }
            }))
        }
        let poll = |future: &mut Deep<_>, times: u32| {
            let mut context = Context::from_waker(std::task::Waker::noop());
            (0..times).any(|_| Pin::new(&mut *future).poll(&mut context).is_ready())
        };
        let thread = thread::Builder::new().stack_size(512 * 1024);
        let ended = thread.spawn(move || {
            let mut dropped = nest(3000);
            assert!(!poll(&mut dropped, 3000));
            drop(dropped);
            poll(&mut nest(1000), 2000)
        });
        assert!(ended.unwrap().join().unwrap());
    }

    #[test]
    fn where_there_is_no_memory_it_runs_in_place() {
        assert!(is_to_be_had(SEGMENT));
        // More than there are addresses.
        assert!(!is_to_be_had(1 << 50));
    }
}
