//! Every way to run a handler: runtimes of all kinds, other executors, plain threads.

use std::{future::poll_fn, sync::OnceLock, task::Poll, thread, time::Duration};

use cache_tests_support::{
    Task, TestRedis, cache, eventually, flush, output_of, shards, within, worker,
};
use redis_cache_runtime::{CacheStatus, Config, handler_cache, observe, observe_async};

/// A Redis, an async and a sync handler, and a first value of each in Redis.
macro_rules! handlers {
    ($server:ident, $name:literal) => {
        static CONFIG: OnceLock<Config> = OnceLock::new();
        let $server = TestRedis::start_or_find();
        CONFIG.set($server.config()).unwrap();

        // A machine under load may take long to wake a thread; a look-up that is given up is no hit.
        #[handler_cache(config = CONFIG.get().unwrap().clone(), shards = shards(), name = concat!($name, "-async"), timeout = "5s")]
        async fn double(n: u32) -> u32 {
            n * 2
        }
        #[handler_cache(config = CONFIG.get().unwrap().clone(), shards = shards(), name = concat!($name, "-sync"), timeout = "5s")]
        fn triple(n: u32) -> u32 {
            n * 3
        }

        fn flush_both() {
            for name in [concat!($name, "-async"), concat!($name, "-sync")] {
                flush(name);
            }
        }
        pollster::block_on(double(1));
        triple(1);
        flush_both();

        #[allow(dead_code, clippy::allow_attributes, reason = "not every test uses both")]
        async fn double_hits() {
            let (value, outcome) = observe_async(double(1)).await;
            assert_eq!((value, outcome.unwrap().result), (2, CacheStatus::HitRedis));
        }
        #[allow(dead_code, clippy::allow_attributes, reason = "not every test uses both")]
        fn triple_hits() {
            let (value, outcome) = observe(|| triple(1));
            assert_eq!((value, outcome.unwrap().result), (3, CacheStatus::HitRedis));
        }
    };
}

#[test]
fn a_runtime_for_each_call_one_after_the_other() {
    handlers!(server, "runtimes");
    let mut observer = server.connection();
    let before = server.clients(&mut observer);
    for round in 0..40 {
        let mut builder = if round % 2 == 0 {
            tokio::runtime::Builder::new_current_thread()
        } else {
            tokio::runtime::Builder::new_multi_thread()
        };
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        for _ in 0..=round % 4 {
            runtime.block_on(double_hits());
        }
        let now = server.clients(&mut observer);
        assert!(
            now <= before + 8 * server.nodes(),
            "{now} clients after {round} runtimes, {before} before"
        );
    }
    eventually(|| server.clients(&mut observer) <= before + server.nodes());
}

#[test]
fn many_runtimes_at_once() {
    handlers!(server, "parallel-runtimes");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                for _ in 0..20 {
                    let (value, outcome) = runtime.block_on(observe_async(double(1)));
                    assert_eq!(value, 2);
                    assert!(outcome.unwrap().result.is_hit());
                }
            });
        }
    });
    let mut observer = server.connection();
    eventually(|| server.clients(&mut observer) <= 5 * server.nodes());
}

#[test]
fn a_runtime_without_io_or_timers() {
    handlers!(server, "bare-runtime");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..10 {
            double_hits().await;
            tokio::task::yield_now().await;
        }
    });
    let _ = server;
}

#[test]
fn a_smol_executor_and_a_plain_block_on() {
    handlers!(server, "smol");
    smol::block_on(async {
        for _ in 0..10 {
            double_hits().await;
        }
        let task = smol::spawn(async { double(7).await });
        assert_eq!(task.await, 14);
    });
    pollster::block_on(double_hits());
    let _ = server;
}

#[test]
fn plain_threads() {
    handlers!(server, "plain-threads");
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for n in 0..50 {
                    assert_eq!(triple(n % 5), n % 5 * 3);
                }
            });
        }
    });
    flush_both();
    triple_hits();
    let mut observer = server.connection();
    assert!(server.clients(&mut observer) <= 7 * server.nodes());
    // Connections that no thread uses any more are closed.
    within(Duration::from_secs(30), || {
        server.clients(&mut observer) <= server.nodes()
    });
}

#[test]
fn a_sync_handler_on_the_only_worker_of_a_runtime() {
    handlers!(server, "only-worker");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..10 {
            double_hits().await;
            triple_hits();
        }
        let task = tokio::spawn(async { triple(1) });
        assert_eq!(task.await.unwrap(), 3);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let task = runtime.spawn(async { (triple(1), double(1).await, triple(2)) });
    assert_eq!(runtime.block_on(task).unwrap(), (3, 2, 6));
    let _ = server;
}

#[test]
fn a_handler_that_calls_a_handler() {
    handlers!(server, "nested");

    #[handler_cache(config = CONFIG.get().unwrap().clone(), shards = shards(), name = "nested-outer")]
    async fn outer(n: u32) -> u32 {
        double(n).await + triple(n)
    }
    pollster::block_on(async {
        assert_eq!(outer(1).await, 5);
        cache("nested-outer").flush().await.unwrap();
        let (value, outcome) = observe_async(outer(1)).await;
        assert_eq!(
            (value, outcome.unwrap().cache.as_ref()),
            (5, "nested-outer")
        );
    });
    let _ = server;
}

#[test]
fn futures_can_be_sent_and_dropped_anywhere() {
    handlers!(server, "sent");
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    drop(is_send(double(1)));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mut future = is_send(Box::pin(double(1)));
    // The runtime gets a connection of its own.
    let has_own = || server.clients(&mut server.connection());
    let before = has_own();
    eventually(|| {
        runtime.block_on(double_hits());
        has_own() > before
    });
    // Polled first on one runtime, and to its end after that has gone.
    let first = runtime.block_on(poll_fn(|context| {
        Poll::Ready(future.as_mut().poll(context))
    }));
    drop(runtime);
    let value = match first {
        Poll::Ready(value) => value,
        Poll::Pending => pollster::block_on(future),
    };
    assert_eq!(value, 2);
}

/// Has the runtime look up until it has a connection of its own.
fn settle(
    server: &TestRedis,
    runtime: &tokio::runtime::Runtime,
    mut look_up: impl FnMut(&tokio::runtime::Runtime),
) {
    let mut observer = server.connection();
    let before = server.clients(&mut observer);
    eventually(|| {
        look_up(runtime);
        server.clients(&mut observer) > before
    });
}

#[test]
fn a_runtime_that_is_blocked_or_left_alone_holds_up_nobody() {
    static CONFIG: OnceLock<Config> = OnceLock::new();

    #[handler_cache(config = CONFIG.get().unwrap().clone(), shards = shards(), name = "blocked")]
    async fn double(n: u32) -> u32 {
        n * 2
    }

    let server = TestRedis::start_or_find();
    CONFIG.set(server.config()).unwrap();

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    settle(&server, &runtime, |runtime| {
        runtime.block_on(async {
            double(1).await;
            tokio::task::yield_now().await;
        });
    });
    // No thread drives the connection while the runtime's only one waits for the call.
    let value = runtime.block_on(async { pollster::block_on(double(10)) });
    assert_eq!(value, 20);
    // A leader on a runtime that is not driven any further, and a follower elsewhere.
    runtime.block_on(async {
        tokio::spawn(double(77));
        tokio::task::yield_now().await;
    });
    let follower = thread::spawn(|| pollster::block_on(double(77)));
    eventually(|| follower.is_finished());
    assert_eq!(follower.join().unwrap(), 154);
}

#[test]
fn a_future_is_hardly_larger_than_its_body() {
    async fn body(len: usize) -> u8 {
        let input = [1; 4096];
        tokio::task::yield_now().await;
        input[len]
    }
    #[handler_cache(name = "small-future")]
    async fn bare(input: Vec<u8>) -> u8 {
        body(input.len()).await
    }
    #[handler_cache(name = "small-future-outer")]
    async fn nested(input: Vec<u8>) -> u8 {
        bare(input).await
    }
    let plain = size_of_val(&body(0));
    let cached = size_of_val(&bare(Vec::new()));
    let twice = size_of_val(&nested(Vec::new()));
    assert!(
        cached < plain + 2048,
        "{cached} bytes for a body of {plain}"
    );
    assert!(
        twice < cached + 2048,
        "{twice} bytes around one of {cached}"
    );
}

#[test]
fn a_forked_child_starts_anew() {
    let redis = TestRedis::start_or_find();
    output_of(worker!(Task::Fork).envs(redis.environment()));
}
