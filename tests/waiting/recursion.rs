//! Recursion through a cache, on a thread with the stack that threads have by default.

use std::thread;

use cache_tests_support::{config, shards};
use redis_cache_runtime::handler_cache;

const LEVELS: u32 = 10_000;

/// As it is without `RUST_MIN_STACK`.
const STACK: usize = 2 * 1024 * 1024;

fn on_a_thread<T: Send + 'static>(stack: usize, program: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = thread::Builder::new().stack_size(stack);
    thread.spawn(program).unwrap().join().unwrap()
}

#[test]
fn a_blocking_recursion_goes_as_deep_as_it_likes() {
    #[handler_cache(config = config(), shards = shards(), name = "recursion")]
    fn sum(n: u32) -> u64 {
        if n == 0 { 0 } else { u64::from(n) + sum(n - 1) }
    }

    let expected = u64::from(LEVELS) * u64::from(LEVELS + 1) / 2;
    assert_eq!(on_a_thread(STACK, || sum(LEVELS)), expected);
}

#[test]
fn an_async_recursion_goes_as_deep_as_it_likes() {
    #[handler_cache(config = config(), shards = shards(), name = "recursion-async")]
    async fn sum(n: u32) -> u64 {
        if n == 0 {
            0
        } else {
            u64::from(n) + Box::pin(sum(n - 1)).await
        }
    }

    // Each look-up that ends polls all that is around it: the work grows with the square of the depth.
    let levels = 500;
    let summed = on_a_thread(STACK / 4, move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(sum(levels))
    });
    assert_eq!(summed, u64::from(levels) * u64::from(levels + 1) / 2);
}

#[test]
fn a_recursion_that_is_not_cached_goes_as_deep() {
    #[derive(serde::Serialize)]
    struct Level(#[serde(serialize_with = "refuse")] u32);

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    fn refuse<S: serde::Serializer>(_: &u32, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not written"))
    }

    #[handler_cache(config = config(), shards = shards(), name = "recursion-uncached")]
    fn depth(level: Level) -> u32 {
        if level.0 == 0 {
            0
        } else {
            1 + depth(Level(level.0 - 1))
        }
    }

    assert_eq!(on_a_thread(STACK, || depth(Level(LEVELS))), LEVELS);
}

#[test]
fn a_panic_from_the_depth_is_the_callers() {
    #[handler_cache(config = config(), shards = shards(), name = "recursion-panic")]
    fn fails(n: u32) -> u32 {
        if n == 0 {
            std::panic::panic_any("at the bottom")
        } else {
            fails(n - 1)
        }
    }

    let panicked = on_a_thread(STACK, || {
        std::panic::catch_unwind(|| fails(1500)).unwrap_err()
    });
    assert_eq!(panicked.downcast_ref(), Some(&"at the bottom"));
}
