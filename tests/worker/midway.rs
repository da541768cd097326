//! Forks in the middle of a call: the parent's call goes on, and the child's copy of it ends as well.

use std::{
    pin::Pin,
    process,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::{DEADLINE, cache};
use fork::{Fork, fork};
use redis_cache_runtime::{CacheStatus, ErrorKind, handler_cache, observe};
use tokio::runtime::Runtime;

use crate::forks::{block_on, end_of};

/// A program that takes longer has waited for something.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Arguments from here on have their bodies fork.
const FORKING: u64 = 1 << 32;

/// The value in the child, of a body that has forked.
const CHILD: i32 = 0;

fn fork_at(n: u64) -> i32 {
    if n < FORKING {
        return 1;
    }
    match fork().unwrap() {
        Fork::Child => CHILD,
        Fork::Parent(pid) => pid,
    }
}

#[handler_cache(name = "midway", maxsize = 100_000)]
fn blocking(n: u64) -> i32 {
    fork_at(n)
}

#[handler_cache(name = "midway-async", maxsize = 100_000)]
async fn in_task(n: u64) -> i32 {
    fork_at(n)
}

#[handler_cache(name = "midway-outer", maxsize = 100_000)]
fn around(n: u64) -> i32 {
    blocking(n)
}

#[handler_cache(name = "midway-panics", maxsize = 100_000)]
fn panicking(n: u64) -> i32 {
    let pid = fork_at(n);
    assert_ne!(pid, CHILD, "in the child");
    pid
}

/// Other threads use the caches all the while, and hold locks at the moment of the fork.
fn keep_busy() {
    for first in 0..6 {
        thread::spawn(move || {
            for n in (first..).step_by(6) {
                blocking(n % 2000);
                block_on(in_task(n % FORKING));
                around(n % 2000);
            }
        });
    }
}

fn call_in_child() {
    assert_eq!(blocking(7), 1);
    assert_eq!(block_on(in_task(7)), 1);
    process::exit(0);
}

/// Has bodies fork; the child goes on with the call that it is in, and makes others.
pub(crate) fn fork_in_bodies(rounds: u64) {
    std::panic::set_hook(Box::new(|_| {}));
    keep_busy();
    thread::sleep(Duration::from_millis(100));
    for round in 0..rounds {
        let n = FORKING + round;
        let (pid, outcome) = match round % 4 {
            0 => observe(|| blocking(n)),
            1 => observe(|| block_on(in_task(n))),
            2 => observe(|| around(n)),
            _ => observe(|| std::panic::catch_unwind(|| panicking(n)).unwrap_or(CHILD)),
        };
        if pid == CHILD {
            assert!(round % 4 == 3 || outcome.unwrap().result == CacheStatus::Bypass);
            call_in_child();
        }
        assert_eq!(end_of(pid, DEADLINE), 0, "in round {round}");
    }
    process::exit(0);
}

/// Runs `program` in a child, where it ends at once.
fn in_child(what: &str, program: impl FnOnce()) {
    match fork().unwrap() {
        Fork::Child => {
            let began = Instant::now();
            program();
            let took = began.elapsed();
            assert!(took < AT_ONCE, "{what}: {took:?}");
            process::exit(0);
        }
        Fork::Parent(pid) => assert_eq!(end_of(pid, DEADLINE), 0, "{what}"),
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) {
    assert!(is_pending(future));
}

fn is_pending<F: Future>(future: Pin<&mut F>) -> bool {
    let polled = future.poll(&mut Context::from_waker(Waker::noop()));
    polled.is_pending()
}

/// A call that waits for Redis. While there is no connection a call does not wait.
fn that_asks(n: u64) -> Pin<Box<impl Future<Output = u64>>> {
    let end = Instant::now() + DEADLINE;
    loop {
        let mut call = Box::pin(once(n));
        if is_pending(call.as_mut()) {
            return call;
        }
        assert!(Instant::now() < end, "no call asks Redis");
        thread::yield_now();
    }
}

static IS_HELD: AtomicBool = AtomicBool::new(true);

/// The body waits.
#[handler_cache(name = "midway-held", timeout = "10s")]
async fn held(n: u64) -> u64 {
    std::future::poll_fn(|context| {
        if IS_HELD.load(Ordering::Relaxed) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
    n + 1
}

#[handler_cache(name = "midway-once", timeout = "10s")]
async fn once(n: u64) -> u64 {
    n + 1
}

/// Futures that were polled before the fork are awaited after it.
pub(crate) fn fork_under_calls() {
    let runtime = Runtime::new().unwrap();
    for n in 0..4 {
        block_on(once(n));
        runtime.block_on(once(n));
    }
    // The call asks Redis.
    let mut asking = that_asks(10);
    in_child("one that asks", || {
        let (value, outcome) = observe(|| block_on(asking.as_mut()));
        assert_eq!(value, 11);
        assert_eq!(outcome.unwrap().result, CacheStatus::Bypass);
    });
    assert_eq!(block_on(asking), 11);

    let dropped = that_asks(11);
    in_child("one that is dropped", || drop(dropped));

    let mut asking = Box::pin(once(12));
    {
        let _runtime = runtime.enter();
        poll_once(asking.as_mut());
    }
    in_child("one of a runtime", || assert_eq!(block_on(asking), 13));

    // A leader's body runs, and a follower waits for it.
    let mut running = Box::pin(held(1));
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(300) {
        poll_once(running.as_mut());
    }
    let mut following = Box::pin(held(1));
    poll_once(following.as_mut());
    in_child("one that runs, and one that follows", || {
        IS_HELD.store(false, Ordering::Relaxed);
        assert_eq!(block_on(following), 2);
        assert_eq!(block_on(running), 2);
        assert_eq!(block_on(once(13)), 14);
    });
    process::exit(0);
}

/// Handles and operations from before the fork are used after it.
pub(crate) fn fork_beside_handles() {
    blocking(1);
    let cache = cache("midway");
    cache.flush().wait().unwrap();
    in_child("a handle before a call", || {
        let error = cache.info().wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownCache);
        assert!(error.to_string().contains("forked"), "{error}");
        assert!(cache.clear().wait().is_err());
        assert!(cache.flush().wait().is_err());
        assert!(cache.invalidate((1u64,)).wait().is_err());
        assert_eq!(cache.parameters().name, "midway");
    });
    in_child("a handle after a call", || {
        blocking(2);
        cache.flush().wait().unwrap();
        let info = cache.info().wait().unwrap();
        assert_eq!((info.misses, info.currsize), (1, 2));
        assert!(cache.invalidate((2u64,)).wait().unwrap());
    });
    let asked = cache.info();
    in_child("an operation", || {
        assert!(asked.wait().is_err());
    });
    process::exit(0);
}
