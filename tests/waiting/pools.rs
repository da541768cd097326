//! Thread pools whose workers take up other calls while they wait.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::{config, shards};
use rayon::{ThreadPool, ThreadPoolBuilder, prelude::*};
use redis_cache_runtime::handler_cache;

use crate::{end, ends};

const WORKERS: usize = 8;

fn pool() -> ThreadPool {
    ThreadPoolBuilder::new()
        .num_threads(WORKERS)
        .build()
        .unwrap()
}

/// Work in parts, some of which take longer than others.
fn in_parts(x: u32) -> u64 {
    (0..16_u32)
        .into_par_iter()
        .with_max_len(1)
        .map(|part| {
            let turn = u64::from((part * 7 + x) % 11);
            thread::sleep(Duration::from_micros(20 + 7 * turn));
            u64::from(x) + u64::from(part)
        })
        .sum()
}

fn expected(x: u32) -> u64 {
    16 * u64::from(x) + 120
}

#[test]
fn workers_that_steal_calls_of_the_same_handler() {
    #[handler_cache(config = config(), shards = shards(), name = "stealing", timeout = "1s", maxsize = None)]
    fn predict(x: u32) -> u64 {
        in_parts(x)
    }

    ends(|tell| {
        let pool = pool();
        let end = end();
        let mut random = fastrand::Rng::with_seed(1);
        for round in 0_u32.. {
            if Instant::now() > end {
                break;
            }
            // Twelve different ones, each many times.
            let inputs: Vec<u32> = (0..64).map(|_| round * 12 + random.u32(0..12)).collect();
            pool.install(|| {
                inputs
                    .par_iter()
                    .with_max_len(1)
                    .for_each(|x| assert_eq!(predict(*x), expected(*x)));
            });
            tell(format!("{} rounds of stealing", round + 1));
        }
    });
}

#[test]
fn two_handlers_that_call_each_other_on_one_pool() {
    #[handler_cache(config = config(), shards = shards(), name = "mutual-even", timeout = "1s", maxsize = None)]
    fn even(salt: u32, x: u32) -> u64 {
        let below = (0..x.min(3)).into_par_iter().with_max_len(1);
        below.map(|part| odd(salt, x - part - 1)).sum::<u64>() + 1
    }
    #[handler_cache(config = config(), shards = shards(), name = "mutual-odd", timeout = "1s", maxsize = None)]
    fn odd(salt: u32, x: u32) -> u64 {
        let below = (0..x.min(3)).into_par_iter().with_max_len(1);
        below.map(|part| even(salt, x - part - 1)).sum::<u64>() + 1
    }
    fn bare(x: u32) -> u64 {
        1 + (0..x.min(3)).map(|part| bare(x - part - 1)).sum::<u64>()
    }

    ends(|tell| {
        let pool = pool();
        let end = end();
        for round in 0_u32.. {
            if Instant::now() > end {
                break;
            }
            pool.install(|| {
                (0..16_u32).into_par_iter().with_max_len(1).for_each(|i| {
                    let x = 4 + i % 4;
                    let value = if i % 2 == 0 {
                        even(round, x)
                    } else {
                        odd(round, x)
                    };
                    assert_eq!(value, bare(x));
                });
            });
            tell(format!("{} rounds of mutual recursion", round + 1));
        }
    });
}

#[test]
fn a_leader_that_needs_the_pool_all_of_whose_workers_follow_it() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "pool-follows", timeout = "1s", maxsize = None)]
    fn predict(x: u32) -> u64 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        in_parts(x)
    }

    ends(|tell| {
        let pool = pool();
        for round in 0..6 {
            let led = RUNS.load(Ordering::Relaxed);
            thread::scope(|scope| {
                scope.spawn(|| {
                    // Not one of the workers: it waits for them.
                    assert_eq!(predict(round), expected(round));
                });
                while RUNS.load(Ordering::Relaxed) == led {
                    thread::yield_now();
                }
                pool.broadcast(|_| assert_eq!(predict(round), expected(round)));
            });
            tell(format!("{} rounds of following", round + 1));
        }
    });
}
