//! How a caller learns the outcome of a call.

use std::{cell::RefCell, future::poll_fn, pin::pin};

use super::reporter;
use crate::outcome::Outcome;

/// The state of the observer on this thread.
#[derive(Debug, Default)]
enum Slot {
    /// No observer.
    #[default]
    Idle,
    Watching(Option<Outcome>),
}

thread_local! {
    static SLOT: RefCell<Slot> = const { RefCell::new(Slot::Idle) };
}

/// Gives the outcome to this thread's observer. `outcome` is not called without an observer.
pub(crate) fn record(outcome: impl FnOnce() -> Outcome) {
    // The handlers that a recorder calls are not the observed code.
    if reporter::is_reporting() {
        return;
    }
    // A thread that is ending has no observer any more.
    _ = SLOT.try_with(|slot| {
        if let Slot::Watching(seen) = &mut *slot.borrow_mut() {
            *seen = Some(outcome());
        }
    });
}

/// Observes while it lives. The observer around it sees the same outcomes.
struct Watch {
    /// The state before; `None` once it has been restored.
    outer: Option<Slot>,
}

impl Watch {
    fn begin(seen: Option<Outcome>) -> Self {
        // A thread that is ending is not observed.
        let outer = SLOT.try_with(|slot| slot.replace(Slot::Watching(seen)));
        Self { outer: outer.ok() }
    }

    fn end(&mut self) -> Option<Outcome> {
        let mut outer = self.outer.take()?;
        let Ok(Slot::Watching(seen)) = SLOT.try_with(RefCell::take) else {
            return None;
        };
        if let (Slot::Watching(outer), Some(_)) = (&mut outer, &seen) {
            outer.clone_from(&seen);
        }
        _ = SLOT.try_with(|slot| slot.replace(outer));
        seen
    }
}

impl Drop for Watch {
    // Does something only where the observed code has panicked.
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs `call` and tells what the cache did for the last annotated method that ended in it, on this thread.
/// `None` if there was none. A future that `call` returns is not run here: [`observe_async`] is for those.
///
/// ```
/// use redis_cache_runtime::{CacheStatus, handler_cache, observe};
///
/// #[handler_cache(maxsize = 0)]
/// fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// let (doubled, outcome) = observe(|| double(4));
/// assert_eq!(doubled, 8);
/// assert_eq!(outcome.unwrap().result, CacheStatus::Bypass);
/// ```
pub fn observe<T>(call: impl FnOnce() -> T) -> (T, Option<Outcome>) {
    let mut watch = Watch::begin(None);
    let value = call();
    (value, watch.end())
}

/// As [`observe`], for a future: sees the annotated methods that the future itself awaits, not those in tasks
/// that it spawns.
pub async fn observe_async<F: Future>(call: F) -> (F::Output, Option<Outcome>) {
    let mut call = pin!(call);
    let mut seen = None;
    let value = poll_fn(|context| {
        let mut watch = Watch::begin(seen.take());
        let polled = call.as_mut().poll(context);
        seen = watch.end();
        polled
    })
    .await;
    (value, seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::CacheStatus;

    fn outcome(result: CacheStatus) -> Outcome {
        Outcome {
            cache: "c".into(),
            result,
            age: None,
        }
    }

    #[test]
    fn the_last_call_is_seen_and_nothing_else() {
        record(|| panic!("nobody observes"));
        let ((), seen) = observe(|| {});
        assert_eq!(seen, None);
        let ((), seen) = observe(|| {
            record(|| outcome(CacheStatus::Miss));
            record(|| outcome(CacheStatus::HitRedis));
        });
        assert_eq!(seen, Some(outcome(CacheStatus::HitRedis)));
        record(|| panic!("nobody observes any more"));
    }

    #[test]
    fn observers_nest() {
        let (inner, outer) = observe(|| {
            record(|| outcome(CacheStatus::Miss));
            let ((), nothing) = observe(|| {});
            let ((), inner) = observe(|| record(|| outcome(CacheStatus::Coalesced)));
            (nothing, inner)
        });
        assert_eq!(inner, (None, Some(outcome(CacheStatus::Coalesced))));
        assert_eq!(outer, Some(outcome(CacheStatus::Coalesced)));
    }

    #[test]
    fn a_panic_ends_the_observation() {
        let panicked = std::panic::catch_unwind(|| observe(|| panic!("in the call")));
        assert!(panicked.is_err());
        record(|| panic!("nobody observes any more"));
    }

    #[test]
    fn a_future_is_observed_across_its_polls_and_nobody_else_is() {
        let future = async {
            record(|| outcome(CacheStatus::Miss));
            let mut polled = false;
            poll_fn(|context| {
                if std::mem::replace(&mut polled, true) {
                    return std::task::Poll::Ready(());
                }
                context.waker().wake_by_ref();
                std::task::Poll::Pending
            })
            .await;
        };
        let ((), seen) = pollster::block_on(observe_async(future));
        assert_eq!(seen, Some(outcome(CacheStatus::Miss)));
    }
}
