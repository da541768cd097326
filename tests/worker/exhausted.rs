//! Descriptors or memory for threads run out, at the first call or later, and come back: so does the cache.

use std::{
    fs::{self, File},
    thread,
    time::Duration,
};

use cache_tests_support::{Exhausted, cache, eventually};
use redis_cache_runtime::{CacheStatus, handler_cache, observe, observe_async};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::forks::block_on;

#[handler_cache(name = "exhausted", timeout = "200ms")]
fn blocking(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = "exhausted-async", timeout = "200ms")]
async fn on_no_runtime(n: u64) -> u64 {
    n * 3
}

fn call(n: u64) -> [CacheStatus; 2] {
    let (value, first) = observe(|| blocking(n));
    assert_eq!(value, n * 2);
    let (value, second) = block_on(observe_async(on_no_runtime(n)));
    assert_eq!(value, n * 3);
    [first, second].map(|outcome| outcome.unwrap().result)
}

/// A limit that leaves nothing, until it is dropped.
struct Limit {
    resource: Resource,
    before: Rlimit,
    fillers: Vec<File>,
}

impl Limit {
    fn new(resource: Resource, current: u64) -> Self {
        let before = getrlimit(resource);
        let limit = Rlimit {
            current: Some(current),
            maximum: before.maximum,
        };
        setrlimit(resource, limit).unwrap();
        Self {
            resource,
            before,
            fillers: Vec::new(),
        }
    }

    /// Opens all free descriptors.
    fn fill(&mut self) {
        if self.resource == Resource::Nofile {
            self.fillers
                .extend(std::iter::from_fn(|| File::open("/dev/null").ok()));
        }
    }

    fn descriptors() -> Self {
        // Reading the folder takes a descriptor as well, the highest of all.
        let used = fs::read_dir("/proc/self/fd").unwrap();
        let highest = used
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.parse::<u64>().unwrap())
            .max();
        Self::new(Resource::Nofile, highest.unwrap())
    }

    /// Enough for all but the stack of a thread.
    fn memory() -> Self {
        let pages = fs::read_to_string("/proc/self/statm").unwrap();
        let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
        let page = rustix::param::page_size() as u64;
        Self::new(Resource::As, pages * page + 1024 * 1024)
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        setrlimit(self.resource, self.before).unwrap();
    }
}

fn goes_uncached(from: u64) {
    for n in from..from + 50 {
        assert_eq!(call(n), [CacheStatus::ErrorOpen; 2], "{n}");
    }
    // Nothing waits for a thread that is not there.
    for n in from..from + 50 {
        assert_eq!(call(n), [CacheStatus::ErrorOpen; 2], "{n}");
    }
    let cache = cache("exhausted");
    assert!(cache.info().wait().unwrap().unavailable.is_some());
    assert!(cache.clear().wait().is_err());
}

fn is_cached(n: u64) {
    eventually(|| call(n) == [CacheStatus::HitRedis; 2]);
    for name in ["exhausted", "exhausted-async"] {
        let cache = cache(name);
        cache.flush().wait().unwrap();
        let info = cache.info().wait().unwrap();
        assert!(info.stored >= 1 && info.currsize >= 1, "{info:?}");
        cache.clear().wait().unwrap();
        assert_eq!(cache.info().wait().unwrap().currsize, 0);
    }
}

pub(crate) fn run(resource: Exhausted) {
    let exhaust = || match resource {
        Exhausted::Descriptors => Limit::descriptors(),
        Exhausted::Threads => Limit::memory(),
    };
    let mut exhausted = exhaust();
    exhausted.fill();
    goes_uncached(0);
    drop(exhausted);
    is_cached(1000);
    if resource == Exhausted::Descriptors {
        // Descriptors run out later: open connections stay open until Redis closes them.
        let url = std::env::var("HANDLER_CACHE_URL").unwrap();
        let client = redis::Client::open(url).unwrap();
        let mut connection = client.get_connection().unwrap();
        let mut exhausted = exhaust();
        exhausted.fill();
        let mut row = 0;
        eventually(|| {
            if row == 0 {
                redis::cmd("CLIENT")
                    .arg(&["KILL", "SKIPME", "yes"])
                    .exec(&mut connection)
                    .unwrap();
            }
            // Takes the descriptors that the cache has closed, so that it can't connect again.
            for _ in 0..10 {
                exhausted.fill();
                thread::sleep(Duration::from_millis(1));
            }
            row = match call(2000) {
                [CacheStatus::ErrorOpen, CacheStatus::ErrorOpen] => row + 1,
                _ => 0,
            };
            row == 50
        });
        drop(exhausted);
        is_cached(2001);
    }
}
