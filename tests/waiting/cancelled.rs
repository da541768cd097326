//! Calls that are given up, at any moment of their look-ups.

use std::time::{Duration, Instant};

use cache_tests_support::{config, resident, shards};
use fastrand::Rng;
use redis_cache_runtime::handler_cache;

use crate::end;

const TASKS: u64 = 64;

/// The growth of memory from the first half to the second, in bytes.
const GROWTH: usize = 16 * 1024 * 1024;

#[handler_cache(config = config(), shards = shards(), name = "cancelled", maxsize = 1000)]
async fn triple(n: u32) -> u64 {
    u64::from(n) * 3
}

#[handler_cache(config = config(), shards = shards(), name = "cancelled-by-budget", maxsize = 1000, timeout = "1ms")]
async fn triple_soon(n: u32) -> u64 {
    u64::from(n) * 3
}

/// Calls twenty and takes the first that answers.
async fn first(random: &mut Rng) {
    let n = random.u32(0..500);
    let mut calls: Vec<_> = (n..n + 20).map(|n| Box::pin(triple(n))).collect();
    let (n, value) = std::future::poll_fn(|context| {
        for (i, call) in calls.iter_mut().enumerate() {
            if let std::task::Poll::Ready(value) = call.as_mut().poll(context) {
                return std::task::Poll::Ready((n + u32::try_from(i).unwrap(), value));
            }
        }
        std::task::Poll::Pending
    })
    .await;
    assert_eq!(value, u64::from(n) * 3);
}

/// Gives it up after a while of its own.
async fn cancel(random: &mut Rng) {
    let n = random.u32(0..500);
    let patience = Duration::from_micros(random.u64(0..1500));
    if let Ok(value) = tokio::time::timeout(patience, triple(n)).await {
        assert_eq!(value, u64::from(n) * 3);
    }
}

/// Has look-ups use up their budget.
async fn budget(random: &mut Rng) {
    let n = random.u32(0..500);
    assert_eq!(triple_soon(n).await, u64::from(n) * 3);
}

#[derive(Clone, Copy)]
enum Mode {
    First,
    Cancel,
    Budget,
}

fn under_load(mode: Mode) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let end = end();
    let calls = move |seed| async move {
        let mut random = Rng::with_seed(seed);
        let mut calls = 0_u64;
        while Instant::now() < end {
            match mode {
                Mode::First => first(&mut random).await,
                Mode::Cancel => cancel(&mut random).await,
                Mode::Budget => budget(&mut random).await,
            }
            calls += 1;
        }
        calls
    };
    let tasks: Vec<_> = (0..TASKS).map(|seed| runtime.spawn(calls(seed))).collect();
    let half = Instant::now() + end.saturating_duration_since(Instant::now()) / 2;
    let [mut first_half, mut second_half] = [0; 2];
    while Instant::now() < end {
        let now = Instant::now();
        let part = if now < half {
            &mut first_half
        } else {
            &mut second_half
        };
        *part = resident().max(*part);
        std::thread::sleep(Duration::from_millis(10));
    }
    let calls: u64 = tasks
        .into_iter()
        .map(|task| runtime.block_on(task).unwrap())
        .sum();
    println!(
        "{calls} times; {first_half} bytes resident in the first half, {second_half} in the second"
    );
    assert!(second_half <= first_half + GROWTH);
}

#[test]
fn the_first_of_twenty_is_taken() {
    under_load(Mode::First);
}

#[test]
fn callers_give_up() {
    under_load(Mode::Cancel);
}

#[test]
fn lookups_use_up_their_budget() {
    under_load(Mode::Budget);
}
