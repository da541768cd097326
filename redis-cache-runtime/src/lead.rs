//! The calls that this thread leads, from the outermost in.

use std::{cell::RefCell, future::poll_fn, pin::Pin};

use crate::key::Digest;

thread_local! {
    static LED: RefCell<Vec<Digest>> = const { RefCell::new(Vec::new()) };
}

/// Whether the body that is running on this thread belongs to a call for `digest`.
pub(crate) fn is_led_here(digest: &Digest) -> bool {
    LED.try_with(|led| led.borrow().contains(digest))
        .unwrap_or(false)
}

/// Runs `body` for `digest`.
pub(crate) fn run<R>(digest: Digest, body: impl FnOnce() -> R) -> R {
    let _led = Led::begin(digest);
    body()
}

/// Awaits `body`, which runs for `digest` whenever it is polled.
pub(crate) async fn run_async<F: Future>(digest: Digest, mut body: Pin<&mut F>) -> F::Output {
    poll_fn(|context| {
        let _led = Led::begin(digest);
        body.as_mut().poll(context)
    })
    .await
}

/// Takes the call off again, also when its body panics.
struct Led;

impl Led {
    fn begin(digest: Digest) -> Self {
        _ = LED.try_with(|led| led.borrow_mut().push(digest));
        Self
    }
}

impl Drop for Led {
    fn drop(&mut self) {
        _ = LED.try_with(|led| led.borrow_mut().pop());
    }
}
