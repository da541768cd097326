//! Callers that check their values.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        LazyLock, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, Scope},
    time::{Duration, Instant},
};

use cache_tests_support::{History, Produced};
use fastrand::Rng;
use redis_cache_runtime::{CacheStatus, Outcome, handler_cache, observe, observe_async};
use tokio::{runtime::Runtime, time::timeout};

pub(crate) const MAXSIZE: usize = 32;

/// Somewhat more keys than the cache has room for.
const KEYS: u64 = 48;

const BUDGET: Duration = Duration::from_millis(50);

/// The time that a busy machine may add to a call: now and then, and always.
const SLACK: [Duration; 2] = [Duration::from_secs(3), Duration::from_millis(200)];

/// From one call of a caller to its next: other tests need the machine as well.
const PAUSE: Duration = Duration::from_millis(1);

/// Calls that took longer than a machine with time to spare would let them.
static LATE: AtomicU64 = AtomicU64::new(0);
static URL: OnceLock<String> = OnceLock::new();
static VERSION: AtomicU64 = AtomicU64::new(0);
static BLOCKING: LazyLock<History> = LazyLock::new(History::default);
static ASYNC: LazyLock<History> = LazyLock::new(History::default);

type Answer = Result<(Produced, Vec<u8>), String>;

pub(crate) fn set_url(url: String) {
    URL.set(url).unwrap();
}

/// All calls from now on are of another version.
pub(crate) fn next_version() {
    VERSION.fetch_add(1, Ordering::Relaxed);
}

/// Mostly succeeds.
fn answer(history: &History, key: u64, version: u64) -> Answer {
    let produced = history.run(key, version);
    match Rng::with_seed(history.runs()).u8(..) {
        // Without a message on the terminal.
        0 => resume_unwind(Box::new("panicked")),
        1..10 => Err("failed".to_owned()),
        // Now and then more than one packet.
        10..20 => Ok((produced, vec![b'x'; 100_000])),
        len => Ok((produced, vec![b'x'; len.into()])),
    }
}

#[handler_cache(url = URL.get().unwrap().as_str(), name = "soak-blocking", maxsize = MAXSIZE, timeout = BUDGET, skip(version), version = version)]
fn blocking(key: u64, version: u64) -> Answer {
    answer(&BLOCKING, key, version)
}

#[handler_cache(url = URL.get().unwrap().as_str(), name = "soak-async", maxsize = MAXSIZE, timeout = BUDGET, skip(version), version = version)]
async fn on_runtime(key: u64, version: u64) -> Answer {
    let answer = answer(&ASYNC, key, version);
    // Callers that go away may do so after the body has begun.
    tokio::task::yield_now().await;
    answer
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Handler {
    Blocking,
    Async,
}

impl Handler {
    pub(crate) const ALL: [Self; 2] = [Self::Blocking, Self::Async];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Blocking => "soak-blocking",
            Self::Async => "soak-async",
        }
    }

    pub(crate) fn history(self) -> &'static History {
        match self {
            Self::Blocking => &BLOCKING,
            Self::Async => &ASYNC,
        }
    }

    /// Calls once, and tells whether Redis answered.
    pub(crate) fn hits(self) -> bool {
        static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
        let result = match self {
            Self::Blocking => call_blocking(0),
            Self::Async => RUNTIME.block_on(call_async(0, None)),
        };
        result == Some(CacheStatus::HitRedis)
    }
}

/// Starts the callers, which go on until `ended`.
pub(crate) fn start<'s>(scope: &'s Scope<'s, '_>, ended: &'s AtomicBool, seed: u64) {
    for caller in 0..2 {
        let mut chance = Rng::with_seed(seed ^ (caller + 1));
        scope.spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                call_blocking(key(&mut chance));
                thread::sleep(PAUSE);
            }
        });
    }
    for caller in 0..2 {
        let chance = Rng::with_seed(seed ^ (caller + 11));
        scope.spawn(move || {
            let runtime = Runtime::new().unwrap();
            runtime.block_on(async {
                tokio::join!(
                    call_on(ended, chance.clone()),
                    call_on(ended, chance.clone()),
                    call_on(ended, chance)
                );
            });
        });
    }
}

async fn call_on(ended: &AtomicBool, mut chance: Rng) {
    while !ended.load(Ordering::Relaxed) {
        // Some callers are not willing to wait even for the budget.
        let patience = match chance.u8(..) {
            0..20 => Some(Duration::from_micros(chance.u64(..2000))),
            _ => None,
        };
        call_async(key(&mut chance), patience).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Small ones more often than large ones.
fn key(chance: &mut Rng) -> u64 {
    let below = chance.u64(1..=KEYS);
    chance.u64(..below)
}

fn call_blocking(key: u64) -> Option<CacheStatus> {
    let version = VERSION.load(Ordering::Relaxed);
    let began = Instant::now();
    let ended = catch_unwind(|| observe(|| blocking(key, version)));
    check(&BLOCKING, key, version, began, ended.ok())
}

async fn call_async(key: u64, patience: Option<Duration>) -> Option<CacheStatus> {
    let version = VERSION.load(Ordering::Relaxed);
    let began = Instant::now();
    let call = observe_async(on_runtime(key, version));
    // Where a body panics, its caller goes on.
    let call = catch(call);
    let ended = match patience {
        Some(patience) => timeout(patience, call).await.ok().flatten(),
        None => call.await,
    };
    check(&ASYNC, key, version, began, ended)
}

async fn catch<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)))
            .map_or(std::task::Poll::Ready(None), |polled| polled.map(Some))
    })
    .await
}

fn check(
    history: &History,
    key: u64,
    version: u64,
    began: Instant,
    ended: Option<(Answer, Option<Outcome>)>,
) -> Option<CacheStatus> {
    let took = began.elapsed();
    let Some((answer, outcome)) = ended else {
        history.lost();
        return None;
    };
    let result = outcome.unwrap().result;
    match answer {
        Ok((produced, filling)) => {
            history.got(key, version, &produced, result);
            assert!(filling.iter().all(|byte| *byte == b'x'));
        }
        Err(_) => history.failed(result),
    }
    let [now_and_then, always] = SLACK;
    assert!(took < BUDGET + now_and_then, "{result} after {took:?}");
    LATE.fetch_add(u64::from(took > BUDGET + always), Ordering::Relaxed);
    Some(result)
}

/// How many calls took long.
pub(crate) fn late() -> u64 {
    LATE.load(Ordering::Relaxed)
}
