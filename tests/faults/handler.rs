//! Handlers that fail, or are slow, or deal in large things, while Redis is in trouble.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    task::Poll,
    thread,
    time::Duration,
};

use cache_tests_support::{Fault, FaultProxy, RECOVERY, RedisServer, cache, info, within};
use redis_cache_runtime::{CacheStatus, ErrorKind, Outcome, handler_cache, observe, observe_async};

use crate::rig::{BUDGET, RUNTIME};

const KINDS: [&str; 3] = ["fail", "panic", "succeed"];

/// A caller sees the error or the panic of the body, with Redis and without.
#[test]
fn errors_and_panics_are_the_callers() {
    static URL: OnceLock<String> = OnceLock::new();
    static RUNS: AtomicU32 = AtomicU32::new(0);
    type Call = fn(&str) -> Result<u32, String>;

    fn body(kind: &str) -> Result<u32, String> {
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        match kind {
            "fail" => Err(format!("failure {run}")),
            "panic" => std::panic::panic_any(run),
            _ => Ok(run),
        }
    }

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "failing", timeout = BUDGET)]
    fn blocking(kind: &str) -> Result<u32, String> {
        body(kind)
    }

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "failing-async", timeout = BUDGET)]
    async fn on_runtime(kind: &str) -> Result<u32, String> {
        tokio::task::yield_now().await;
        body(kind)
    }

    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 30);
    URL.set(proxy.url()).unwrap();
    let calls: [Call; 2] = [blocking, |kind| RUNTIME.block_on(on_runtime(kind))];
    for fault in [None, Some(Fault::Hang), Some(Fault::Refuse)] {
        proxy.set(fault.as_slice());
        proxy.cut();
        for call in calls {
            for kind in KINDS.repeat(3) {
                let run = RUNS.load(Ordering::Relaxed);
                let ended = catch_unwind(AssertUnwindSafe(|| call(kind)));
                match (kind, ended) {
                    ("fail", Ok(value)) => assert_eq!(value, Err(format!("failure {run}"))),
                    ("panic", Err(panic)) => assert_eq!(panic.downcast_ref(), Some(&run)),
                    ("succeed", Ok(value)) => assert!(value.unwrap() <= run),
                    (kind, ended) => panic!("{kind}: {ended:?}"),
                }
            }
        }
    }
    proxy.lift();
    for name in ["failing", "failing-async"] {
        let cache = cache(name);
        within(RECOVERY, || cache.flush().wait().is_ok());
        let info = cache.info().wait().unwrap();
        assert!(info.currsize <= 1, "{info:?}");
        assert_eq!(info.hits + info.misses, 27, "{info:?}");
    }
}

/// All callers with one key wait for a slow body while Redis hangs.
#[test]
fn a_slow_body_runs_once_for_all_who_wait() {
    static URL: OnceLock<String> = OnceLock::new();
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "slow-body", timeout = BUDGET)]
    fn slow(n: u32) -> u32 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(300));
        n
    }

    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 31);
    URL.set(proxy.url()).unwrap();
    proxy.set(&[Fault::Hang]);
    let results = thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| observe(|| slow(7))))
            .collect();
        callers
            .into_iter()
            .map(|caller| {
                let (value, outcome) = caller.join().unwrap();
                assert_eq!(value, 7);
                outcome.unwrap().result
            })
            .collect::<Vec<_>>()
    });
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    let ran = results.iter().filter(|result| !result.is_hit());
    assert_eq!(ran.count(), 1, "{results:?}");
}

/// A caller may go away at any step of its call: other callers with the same key are served, and nothing leaks.
#[test]
fn callers_who_go_away() {
    static URL: OnceLock<String> = OnceLock::new();
    const MOST_POLLS: u32 = 8;

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "gone", timeout = BUDGET)]
    async fn double(n: u32) -> u32 {
        tokio::task::yield_now().await;
        n * 2
    }

    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 32);
    URL.set(proxy.url()).unwrap();
    let mut next = 0;
    for fault in [
        None,
        Some(Fault::Latency(Duration::from_millis(2))),
        Some(Fault::Hang),
    ] {
        proxy.set(fault.as_slice());
        for polls in (0..=MOST_POLLS).cycle().take(50) {
            next += 1;
            let stays = RUNTIME.block_on(async {
                let mut leaves = Box::pin(double(next));
                for _ in 0..polls {
                    let poll = poll_fn(|context| Poll::Ready(leaves.as_mut().poll(context)));
                    if poll.await.is_ready() {
                        // To be polled once more is not for a future that has ended.
                        leaves = Box::pin(double(next));
                    }
                    tokio::task::yield_now().await;
                }
                let stays = tokio::spawn(double(next));
                tokio::task::yield_now().await;
                drop(leaves);
                tokio::time::timeout(RECOVERY, stays).await
            });
            assert_eq!(stays.unwrap().unwrap(), next * 2, "{fault:?}, {polls}");
        }
    }
    proxy.lift();
    let hits = || {
        let call = RUNTIME.block_on(observe_async(double(1)));
        call.1.unwrap().result == CacheStatus::HitRedis
    };
    within(RECOVERY, hits);
    let info = info("gone");
    assert_eq!(info.waiting, 0);
    assert!(info.count(CacheStatus::Cancelled) > 0, "{info:?}");
}

#[test]
fn large_arguments_and_values() {
    static URL: OnceLock<String> = OnceLock::new();
    const MIB: usize = 1024 * 1024;
    const PATIENT: Duration = Duration::from_secs(20);

    /// Slow enough to be worth the look-up of so large a value.
    fn repeat(input: &[u8], size: usize) -> String {
        thread::sleep(Duration::from_millis(500));
        char::from(input[0]).to_string().repeat(size)
    }

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "large", timeout = PATIENT)]
    fn blocking(input: &[u8], size: usize) -> String {
        repeat(input, size)
    }

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "large-async", timeout = PATIENT)]
    async fn on_runtime(input: &[u8], size: usize) -> String {
        repeat(input, size)
    }

    type Call = fn(&[u8], usize) -> (String, Option<Outcome>);
    let calls: [(&str, Call); 2] = [
        ("large", |input, size| observe(|| blocking(input, size))),
        ("large-async", |input, size| {
            RUNTIME.block_on(observe_async(on_runtime(input, size)))
        }),
    ];
    let server = RedisServer::start();
    URL.set(server.url()).unwrap();
    let input = vec![b'x'; 16 * MIB];
    for (name, call) in calls {
        // One just fits below the bound of 8 MiB, and one does not.
        for (size, second) in [
            (8 * MIB - 4096, CacheStatus::HitRedis),
            (8 * MIB + 1, CacheStatus::Miss),
        ] {
            let ends_in = |expected| {
                let (value, outcome) = call(&input, size);
                assert!(value.len() == size && value.bytes().all(|byte| byte == b'x'));
                let flushed = cache(name).flush().wait();
                let told = flushed.map_err(|error| error.kind());
                assert!(
                    matches!(told, Ok(()) | Err(ErrorKind::NotStored)),
                    "{told:?}"
                );
                outcome.unwrap().result == expected
            };
            assert!(ends_in(CacheStatus::Miss), "{name}: {size}");
            // On a busy machine, a value of this size may take longer than half the time of the body.
            within(PATIENT, || ends_in(second));
        }
        let info = info(name);
        assert!(info.stored >= 1 && info.not_stored >= 2, "{info:?}");
    }
}
