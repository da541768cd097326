//! Runtimes that followers block, or that no thread drives.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::{config, eventually, shards};
use redis_cache_runtime::handler_cache;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::block_in_place,
};

use crate::{end, ends};

fn two_workers() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn bodies_that_need_the_workers_which_their_followers_block() {
    #[handler_cache(config = config(), shards = shards(), name = "block-in-place", timeout = "1s", maxsize = None)]
    fn feature(round: u32) -> u32 {
        // Its timer is driven by the workers.
        let io = tokio::time::sleep(Duration::from_millis(3));
        block_in_place(|| Handle::current().block_on(io));
        round
    }

    ends(|tell| {
        let runtime = two_workers();
        let end = end();
        for round in 0.. {
            if Instant::now() > end {
                break;
            }
            let calls: Vec<_> = (0..8)
                .map(|_| runtime.spawn(async move { feature(round) }))
                .collect();
            for call in calls {
                assert_eq!(pollster::block_on(call).unwrap(), round);
            }
            tell(format!("{} rounds of blocking in place", round + 1));
        }
    });
}

/// Followers of one call hold up the leaders of others. If those bodies' times counted as usual, each round would take longer than
/// the one before.
#[test]
fn bodies_that_are_held_up_by_followers_of_others_make_nobody_more_patient() {
    const ROUNDS: u32 = 20;
    const KEYS: u32 = 4;

    #[handler_cache(config = config(), shards = shards(), name = "block-each-other", timeout = "1s", maxsize = None)]
    fn feature(key: u32) -> u32 {
        let io = tokio::time::sleep(Duration::from_millis(20));
        block_in_place(|| Handle::current().block_on(io));
        key
    }

    ends(|tell| {
        let runtime = two_workers();
        for round in 0..ROUNDS {
            let keys = (0..4 * KEYS).map(|call| round * KEYS + call % KEYS);
            let calls: Vec<_> = keys
                .map(|key| (key, runtime.spawn(async move { feature(key) })))
                .collect();
            for (key, call) in calls {
                assert_eq!(pollster::block_on(call).unwrap(), key);
            }
        }
        // Without knots they take two seconds.
        tell("all rounds".to_owned());
    });
}

#[test]
fn a_leader_elsewhere_that_needs_the_workers_which_its_followers_block() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "block-elsewhere", timeout = "1s", maxsize = None, skip(runtime))]
    fn feature(round: u32, runtime: &Handle) -> u32 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        let io = async { tokio::time::sleep(Duration::from_millis(20)).await };
        block_in_place(|| runtime.block_on(io));
        round
    }

    ends(|tell| {
        let runtime = two_workers();
        for round in 0..5 {
            let led = RUNS.load(Ordering::Relaxed);
            thread::scope(|scope| {
                scope.spawn(|| assert_eq!(feature(round, runtime.handle()), round));
                while RUNS.load(Ordering::Relaxed) == led {
                    thread::yield_now();
                }
                let calls: Vec<_> = (0..4)
                    .map(|_| {
                        let handle = runtime.handle().clone();
                        runtime.spawn(async move { feature(round, &handle) })
                    })
                    .collect();
                for call in calls {
                    assert_eq!(pollster::block_on(call).unwrap(), round);
                }
            });
            tell(format!("{} rounds of blocking elsewhere", round + 1));
        }
    });
}

#[test]
fn a_runtime_that_is_left_alone_in_the_middle_of_a_body() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "left-alone", timeout = "1s", maxsize = None)]
    async fn slow(round: u32) -> u32 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(5)).await;
        round
    }

    ends(|tell| {
        let other = two_workers();
        for round in 0..10 {
            let alone = Builder::new_current_thread().enable_all().build().unwrap();
            let led = RUNS.load(Ordering::Relaxed);
            let leader = alone.spawn(slow(round));
            eventually(|| {
                alone.block_on(tokio::task::yield_now());
                RUNS.load(Ordering::Relaxed) > led
            });
            let followers: Vec<_> = (0..4).map(|_| other.spawn(slow(round))).collect();
            for follower in followers {
                assert_eq!(other.block_on(follower).unwrap(), round);
            }
            assert_eq!(pollster::block_on(slow(round)), round);
            // The runtime goes on where it was.
            assert_eq!(alone.block_on(leader).unwrap(), round);
            tell(format!("{} rounds alone", round + 1));
        }
    });
}

#[test]
fn a_leader_on_a_runtime_that_is_busy_for_long_runs_once() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "busy", timeout = "1s", maxsize = None)]
    async fn compute(round: u32) -> u32 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        // No await: all that the runtime has to do waits.
        thread::sleep(Duration::from_millis(300));
        round
    }

    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let calls: Vec<_> = (0..8).map(|_| tokio::spawn(compute(1))).collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), 1);
        }
    });
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}
