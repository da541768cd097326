//! Concurrent calls with one key run the body once, however the first of them ends.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "concurrency/first_calls.rs"]
mod first_calls;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Barrier,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use cache_tests_support::{cache, config, eventually, eventually_async, flush, info, shards};
use redis_cache_runtime::{CacheStatus, handler_cache};
use tokio::sync::Notify;

/// The longest time that a follower waits for a leader that no task polls.
const LET_GO: Duration = Duration::from_secs(5);

#[test]
fn a_hundred_threads_run_the_body_once() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "threads")]
    fn slow(n: u32) -> Vec<u32> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(100));
        vec![n; 10]
    }

    let start = Barrier::new(100);
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                start.wait();
                assert_eq!(slow(3), vec![3; 10]);
            });
        }
    });
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    let info = info("threads");
    assert_eq!((info.hits, info.misses), (99, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_tasks_run_the_body_once() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "tasks")]
    async fn slow(n: u32) -> String {
        RUNS.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(100)).await;
        n.to_string()
    }

    let tasks: Vec<_> = (0..100).map(|_| tokio::spawn(slow(3))).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "3");
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_leader_fails_the_next_one_runs() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static GO: Notify = Notify::const_new();

    #[handler_cache(config = config(), shards = shards(), name = "failing-leader")]
    async fn flaky(n: u32) -> Result<u32, String> {
        if RUNS.fetch_add(1, Ordering::Relaxed) == 0 {
            GO.notified().await;
            return Err("the first".to_owned());
        }
        Ok(n)
    }

    let leader = tokio::spawn(flaky(1));
    wait_for_runs(&RUNS, 1).await;
    let followers: Vec<_> = (0..10).map(|_| tokio::spawn(flaky(1))).collect();
    wait_for_followers("failing-leader", 10).await;
    GO.notify_one();
    assert_eq!(leader.await.unwrap(), Err("the first".to_owned()));
    for follower in followers {
        assert_eq!(follower.await.unwrap(), Ok(1));
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
}

#[test]
fn when_the_leader_panics_the_next_one_runs() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static GO: Barrier = Barrier::new(2);

    #[handler_cache(config = config(), shards = shards(), name = "panicking-leader")]
    fn flaky(n: u32) -> u32 {
        if RUNS.fetch_add(1, Ordering::Relaxed) == 0 {
            GO.wait();
            panic!("the first");
        }
        n
    }

    thread::scope(|scope| {
        let leader = scope.spawn(|| catch_unwind(AssertUnwindSafe(|| flaky(1))));
        eventually(|| RUNS.load(Ordering::Relaxed) == 1);
        let followers: Vec<_> = (0..10).map(|_| scope.spawn(|| flaky(1))).collect();
        let cache = cache("panicking-leader");
        eventually(|| cache.info().wait().unwrap().waiting == 10);
        GO.wait();
        let panicked = leader.join().unwrap().unwrap_err();
        assert_eq!(panicked.downcast_ref(), Some(&"the first"));
        for follower in followers {
            assert_eq!(follower.join().unwrap(), 1);
        }
    });
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
    let info = info("panicking-leader");
    assert_eq!(info.hits + info.misses, 11);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_leader_is_cancelled_the_next_one_runs() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "cancelled-leader")]
    async fn stuck_once(n: u32) -> u32 {
        if RUNS.fetch_add(1, Ordering::Relaxed) == 0 {
            std::future::pending::<()>().await;
        }
        n
    }

    let leader = tokio::spawn(stuck_once(1));
    wait_for_runs(&RUNS, 1).await;
    let followers: Vec<_> = (0..10).map(|_| tokio::spawn(stuck_once(1))).collect();
    wait_for_followers("cancelled-leader", 10).await;
    leader.abort();
    for follower in followers {
        assert_eq!(follower.await.unwrap(), 1);
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_that_go_away_are_counted_and_hold_nobody_up() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static GO: Notify = Notify::const_new();

    #[handler_cache(config = config(), shards = shards(), name = "cancelled-followers")]
    async fn slow(n: u32) -> u32 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        GO.notified().await;
        n
    }

    let leader = tokio::spawn(slow(1));
    wait_for_runs(&RUNS, 1).await;
    let gone = tokio::time::timeout(Duration::from_millis(20), slow(1)).await;
    assert!(gone.is_err());
    let stays = tokio::spawn(slow(1));
    // The leader passes over the follower that has gone only when it ends.
    wait_for_followers("cancelled-followers", 2).await;
    GO.notify_one();
    assert_eq!((leader.await.unwrap(), stays.await.unwrap()), (1, 1));
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    let results =
        tokio::task::spawn_blocking(|| info("cancelled-followers").count(CacheStatus::Cancelled))
            .await;
    assert_eq!(results.unwrap(), 1);
}

#[test]
fn failing_callers_do_not_wait_in_line() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "always-failing")]
    fn fails(_n: u32) -> Result<u32, String> {
        match RUNS.fetch_add(1, Ordering::Relaxed) {
            0 => {
                let cache = cache("always-failing");
                eventually(|| cache.info().wait().unwrap().waiting == 19);
            }
            1 => {}
            // After two failures all others run at once.
            _ => eventually(|| RUNS.load(Ordering::Relaxed) == 20),
        }
        Err("no".to_owned())
    }

    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert_eq!(fails(1), Err("no".to_owned())));
        }
    });
    assert_eq!(RUNS.load(Ordering::Relaxed), 20);
}

#[test]
fn a_body_that_calls_itself_with_the_same_key() {
    struct Client {
        attempts: u32,
    }
    impl Client {
        #[handler_cache(config = config(), shards = shards(), name = "retrying")]
        fn fetch(&mut self, n: u32) -> u32 {
            self.attempts += 1;
            if self.attempts < 3 {
                return self.fetch(n);
            }
            n
        }

        #[handler_cache(config = config(), shards = shards(), name = "retrying-async", skip(left))]
        async fn fetch_async(n: u32, left: u32) -> u32 {
            tokio::task::yield_now().await;
            if left > 0 {
                return Box::pin(Self::fetch_async(n, left - 1)).await;
            }
            n
        }
    }
    let mut client = Client { attempts: 0 };
    assert_eq!((client.fetch(7), client.attempts), (7, 3));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fetched = async { tokio::time::timeout(LET_GO, Client::fetch_async(7, 2)).await };
    assert_eq!(runtime.block_on(fetched).unwrap(), 7);
}

#[test]
fn a_call_after_a_clear_gets_nothing_from_before_it() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static GO: Barrier = Barrier::new(2);

    #[handler_cache(config = config(), shards = shards(), name = "cleared-under-way")]
    fn generation(_n: u32) -> u32 {
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        if run == 0 {
            GO.wait();
        }
        run
    }
    thread::scope(|scope| {
        let before = scope.spawn(|| generation(1));
        eventually(|| RUNS.load(Ordering::Relaxed) == 1);
        cache("cleared-under-way").clear().wait().unwrap();
        assert_eq!(generation(1), 1);
        GO.wait();
        assert_eq!(before.join().unwrap(), 0);
    });
    flush("cleared-under-way");
    assert_ne!(generation(1), 0);
}

#[tokio::test]
async fn a_call_that_nobody_polls_holds_up_nobody() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "kept-aside")]
    async fn slow(n: u32) -> u32 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(1)).await;
        n
    }

    for polls in [1, 100] {
        let mut aside = Box::pin(slow(polls));
        // Polled while it looks up, and then while its body runs, but not to its end.
        for _ in 0..polls {
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(aside.as_mut().poll(context).is_ready())
            });
            if polled.await || RUNS.load(Ordering::Relaxed) > 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
        let second = tokio::time::timeout(LET_GO, slow(polls)).await;
        assert_eq!(second.unwrap(), polls);
        assert_eq!(aside.await, polls);
        RUNS.store(0, Ordering::Relaxed);
    }
}

async fn wait_for_runs(runs: &AtomicU32, expected: u32) {
    eventually_async(async || runs.load(Ordering::Relaxed) == expected).await;
}

async fn wait_for_followers(name: &str, expected: u64) {
    let cache = cache(name);
    eventually_async(async || cache.info().await.unwrap().waiting == expected).await;
}
