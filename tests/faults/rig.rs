//! Handlers whose calls are checked one by one.

use std::{
    collections::HashMap,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::{
    RECOVERY, Running, Task, cache, flush_what_is_left, info, within, worker,
};
use redis_cache_runtime::{CacheInfo, CacheStatus, HandlerCache, Outcome};
use tokio::runtime::Runtime;

/// The budget of a look-up where it counts how long calls take.
pub(crate) const BUDGET: Duration = Duration::from_millis(50);

/// The budget of a look-up where it counts that Redis answers, on a machine that may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// The time that a busy machine may add to a call.
pub(crate) const SLACK: Duration = Duration::from_millis(1500);

/// A call that takes less has not waited for Redis.
pub(crate) const AT_ONCE: Duration = Duration::from_millis(10);

/// Drives the async handlers.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
});

/// Has a worker do `task`. Fails where the worker fails or hangs.
#[track_caller]
pub(crate) fn ends_well(task: &Task, variables: &[(&str, &str)]) {
    let mut running = Running::start(worker!(task).envs(variables.iter().copied()));
    within(Duration::from_secs(180), || !running.is_running());
    running.finish();
}

/// The value of the bodies.
pub(crate) fn answer(n: u32) -> String {
    format!("{n} {}", "is the question. ".repeat(5))
}

/// A blocking and an async handler that do the same, each with a cache of its own.
macro_rules! handlers {
    ($url:expr, $name:literal, $budget:expr $(, $argument:ident = $value:expr)*) => {{
        static URL: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        static RUNS: [std::sync::atomic::AtomicU32; 2] =
            [const { std::sync::atomic::AtomicU32::new(0) }; 2];

        #[redis_cache_runtime::handler_cache(
            url = URL.get().unwrap().as_str(),
            name = concat!($name, "-blocking"),
            timeout = $budget
            $(, $argument = $value)*
        )]
        fn blocking(n: u32) -> String {
            RUNS[0].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            $crate::rig::answer(n)
        }

        #[redis_cache_runtime::handler_cache(
            url = URL.get().unwrap().as_str(),
            name = concat!($name, "-async"),
            timeout = $budget
            $(, $argument = $value)*
        )]
        async fn on_runtime(n: u32) -> String {
            RUNS[1].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            $crate::rig::answer(n)
        }

        URL.set($url).unwrap();
        [
            $crate::rig::Handler::new(concat!($name, "-blocking"), $budget, &RUNS[0], |n| {
                redis_cache_runtime::observe(|| blocking(n))
            }),
            $crate::rig::Handler::new(concat!($name, "-async"), $budget, &RUNS[1], |n| {
                let call = redis_cache_runtime::observe_async(on_runtime(n));
                $crate::rig::RUNTIME.block_on(call)
            }),
        ]
    }};
}

/// One handler, and the results of its calls.
pub(crate) struct Handler {
    pub(crate) name: &'static str,
    budget: Duration,
    runs: &'static AtomicU32,
    call: fn(u32) -> (String, Option<Outcome>),
    results: Mutex<HashMap<CacheStatus, u64>>,
    figures: Mutex<Figures>,
}

/// The figures of a test in `FAILURES.md`.
#[derive(Default)]
struct Figures {
    /// The most that a call took, and with that added to a body that takes no time.
    longest: Duration,
    /// The longest time until the first hit, from when hits were waited for.
    until_hit: Duration,
}

impl Drop for Handler {
    fn drop(&mut self) {
        if self.results.lock().unwrap().is_empty() {
            return;
        }
        let figures = self.figures.lock().unwrap();
        println!(
            "measured {} {}: added at most {:.1?}, first hit after {:.1?}",
            thread::current().name().unwrap_or_default(),
            self.name,
            figures.longest,
            figures.until_hit
        );
    }
}

impl Handler {
    pub(crate) fn new(
        name: &'static str,
        budget: Duration,
        runs: &'static AtomicU32,
        call: fn(u32) -> (String, Option<Outcome>),
    ) -> Self {
        Self {
            name,
            budget,
            runs,
            call,
            results: Mutex::default(),
            figures: Mutex::default(),
        }
    }

    /// Calls, and checks the value, the time and the result.
    #[track_caller]
    pub(crate) fn call(&self, n: u32) -> CacheStatus {
        let before = self.runs.load(Ordering::Relaxed);
        let result = self.call_beside_others(n);
        let ran = self.runs.load(Ordering::Relaxed) - before;
        assert_eq!(ran, u32::from(!result.is_hit()), "{}: {result}", self.name);
        result
    }

    /// [`call`](Self::call) beside other callers, whose runs of the body can't be told apart from this one's.
    #[track_caller]
    pub(crate) fn call_beside_others(&self, n: u32) -> CacheStatus {
        let began = Instant::now();
        let (value, outcome) = (self.call)(n);
        let took = began.elapsed();
        let result = outcome.unwrap().result;
        assert_eq!(value, answer(n), "{}: {result}", self.name);
        assert!(
            took < self.budget + SLACK,
            "{}: {result} after {took:?}",
            self.name
        );
        *self.results.lock().unwrap().entry(result).or_default() += 1;
        let longest = &mut self.figures.lock().unwrap().longest;
        *longest = took.max(*longest);
        result
    }

    /// Calls with all of these, and expects each to end in `result`.
    #[track_caller]
    pub(crate) fn all(&self, arguments: impl IntoIterator<Item = u32>, result: CacheStatus) {
        for n in arguments {
            assert_eq!(self.call(n), result, "{} of {n}", self.name);
        }
    }

    /// Calls until Redis answers, and on until all connections of the caller are in use.
    #[track_caller]
    pub(crate) fn is_cached(&self, n: u32) {
        let began = Instant::now();
        let mut row = 0;
        within(RECOVERY, || {
            row = match self.call(n) {
                CacheStatus::HitRedis => row + 1,
                _ => 0,
            };
            if row == 1 {
                self.hit_after(began.elapsed());
            }
            row == 5
        });
    }

    fn hit_after(&self, wait: Duration) {
        let longest = &mut self.figures.lock().unwrap().until_hit;
        *longest = wait.max(*longest);
    }

    /// Calls until it is known that Redis is away: calls take no longer than without a cache then.
    #[track_caller]
    pub(crate) fn costs_nothing(&self) {
        static NEXT: AtomicU32 = AtomicU32::new(2_000_000);
        let timed = || {
            // A new argument each time: a value that waits in the queue would be a hit.
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let began = Instant::now();
            (self.call(n), began.elapsed())
        };
        within(RECOVERY, || {
            let (result, took) = timed();
            result == CacheStatus::ErrorOpen && took < AT_ONCE
        });
        let mut calls: Vec<_> = (0..200).map(|_| timed()).collect();
        let asked = calls
            .iter()
            .filter(|(result, _)| *result != CacheStatus::ErrorOpen);
        assert!(asked.count() <= 20, "{}: {calls:?}", self.name);
        let waited = calls.iter().filter(|(_, took)| *took >= self.budget);
        assert!(waited.count() <= 20, "{}: {calls:?}", self.name);
        // The median: a busy machine may hold up some calls.
        calls.sort_by_key(|(_, took)| *took);
        let (_, half) = calls[calls.len() / 2];
        assert!(half < AT_ONCE, "{}: {half:?}", self.name);
    }

    #[track_caller]
    pub(crate) fn flush(&self) {
        flush_what_is_left(self.name);
    }

    #[track_caller]
    pub(crate) fn info(&self) -> CacheInfo {
        info(self.name)
    }

    /// Checks that Redis is in use again, and that the counters agree with the results of all calls up to now.
    #[track_caller]
    pub(crate) fn recovers(&self) {
        const ARGUMENTS: [u32; 4] = [1, 1_000_001, 1_000_002, 1_000_003];
        // One after the other: a connection whose replies lag a request behind must not pass.
        self.is_cached(ARGUMENTS[0]);
        let mut row = 0;
        within(RECOVERY, || {
            let results = ARGUMENTS.map(|n| self.call(n));
            let hits = results
                .iter()
                .all(|result| *result == CacheStatus::HitRedis);
            row = if hits { row + 1 } else { 0 };
            row == 3
        });
        // A connection that only stores use may be broken, with no request yet to notice it.
        within(RECOVERY, || self.info().unavailable.is_none());
        self.flush();
        self.cache().flush().wait().unwrap();
        let info = self.info();
        let results = self.results.lock().unwrap();
        for (result, times) in results.iter() {
            assert_eq!(info.count(*result), *times, "{}: {result}", self.name);
        }
        let calls: u64 = results.values().sum();
        assert_eq!(info.hits + info.misses, calls, "{}", self.name);
    }

    pub(crate) fn cache(&self) -> HandlerCache {
        cache(self.name)
    }
}
