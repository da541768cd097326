//! Forks at any moment of another thread's first calls: children answer rightly, and none hangs.

use std::{
    pin::pin,
    process,
    sync::{Arc, Barrier},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use cache_tests_support::{DEADLINE, info};
use fork::{Fork, fork};
use redis_cache_runtime::{CacheStatus, HandlerCache, handler_cache, observe, observe_async};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// How long a child tries to be cached.
const PATIENCE: Duration = Duration::from_secs(3);

/// The exit status of a child that hung, and was killed.
const HANGS: i32 = -2;

/// The exit status of a child whose answers were right, but never cached: tokio's state of the process was half made.
const UNCACHED: i32 = 7;

#[handler_cache(name = "forks", timeout = "200ms")]
fn blocking(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = "forks-async", timeout = "200ms")]
async fn on_no_runtime(n: u64) -> u64 {
    n * 3
}

#[handler_cache(name = "forks-generic", timeout = "200ms")]
fn generic<T: serde::Serialize + Copy + Into<u64>>(n: T) -> u64 {
    n.into() * 4
}

/// Without a runtime: a new runtime needs tokio's state of the process, which a fork may have left half made.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

fn call(n: u64) -> [CacheStatus; 2] {
    let (value, first) = observe(|| blocking(n));
    assert_eq!(value, n * 2);
    let (value, second) = block_on(observe_async(on_no_runtime(n)));
    assert_eq!(value, n * 3);
    assert_eq!(generic(n), n * 4);
    assert_eq!(generic(7_u32), 28);
    // A child that is not cached has no cache of that name where another thread was opening it.
    [first, second].map(|outcome| outcome.map_or(CacheStatus::Bypass, |outcome| outcome.result))
}

fn child(n: u64) -> ! {
    let began = Instant::now();
    while call(n) != [CacheStatus::HitRedis; 2] {
        if began.elapsed() > PATIENCE {
            // Whether it works or not, it ends.
            _ = HandlerCache::named("forks").map(|cache| cache.info().wait());
            process::exit(UNCACHED);
        }
    }
    _ = info("forks");
    process::exit(0);
}

/// Waits for a process to end, and tells how.
pub(crate) fn end_of(pid: i32, patience: Duration) -> i32 {
    let pid = Pid::from_raw(pid).unwrap();
    let began = Instant::now();
    loop {
        if let Some((_, status)) = waitpid(Some(pid), WaitOptions::NOHANG).unwrap() {
            return status.exit_status().unwrap_or(-1);
        }
        if began.elapsed() > patience {
            kill_process(pid, Signal::KILL).unwrap();
            return HANGS;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// In a process without any thread but this: another makes the first calls while this one forks. Tells how many children
/// were cached.
fn round(round: u64, children: u64) -> u64 {
    let start = Arc::new(Barrier::new(2));
    let begun = Arc::clone(&start);
    let other = thread::spawn(move || {
        begun.wait();
        call(round)
    });
    start.wait();
    let mut pids = Vec::new();
    for n in 0..children {
        let wait = Duration::from_micros(fastrand::u64(0..300));
        let now = Instant::now();
        while now.elapsed() < wait {
            std::hint::spin_loop();
        }
        match fork().unwrap() {
            Fork::Child => child(round * 1000 + n),
            Fork::Parent(pid) => pids.push(pid),
        }
    }
    let ends: Vec<i32> = pids.into_iter().map(|pid| end_of(pid, DEADLINE)).collect();
    assert!(
        ends.iter().all(|end| [0, UNCACHED].contains(end)),
        "{ends:?}"
    );
    other.join().unwrap();
    call(round);
    ends.into_iter().filter(|end| *end == 0).count() as u64
}

/// A recorder that is locked while it does something, as most are: a child may find it locked.
#[cfg(feature = "metrics")]
mod locked {
    use std::{
        sync::Mutex,
        time::{Duration, Instant},
    };

    use metrics::{
        Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    };

    pub(super) struct Locked(pub(super) Mutex<()>);

    impl Locked {
        fn record(&self) {
            let _held = self.0.lock().unwrap();
            let began = Instant::now();
            while began.elapsed() < Duration::from_micros(5) {
                std::hint::spin_loop();
            }
        }
    }

    impl Recorder for Locked {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
            self.record();
        }

        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
            self.record();
        }

        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
            self.record();
        }

        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            self.record();
            Counter::noop()
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            self.record();
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            self.record();
            Histogram::noop()
        }
    }
}

pub(crate) fn run(rounds: u64, children: u64) {
    #[cfg(feature = "metrics")]
    metrics::set_global_recorder(locked::Locked(std::sync::Mutex::default()))
        .map_err(drop)
        .unwrap();
    let mut cached = 0;
    for n in 0..rounds {
        match fork().unwrap() {
            // Tells by its exit how many were.
            Fork::Child => process::exit(i32::try_from(100 + round(n, children)).unwrap()),
            Fork::Parent(pid) => {
                let end = end_of(pid, DEADLINE * 2) - 100;
                cached += u64::try_from(end).expect("a round has failed");
            }
        }
    }
    println!("{cached} of {} were cached", rounds * children);
    assert!(cached * 2 > rounds * children, "{cached}");
}
