//! Many async callers at once, and the time of each of their calls.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use cache_tests_support::{RECOVERY, within};
use redis_cache_runtime::CacheStatus;
use tokio::{runtime::Runtime, task::JoinHandle};

use crate::rig::AT_ONCE;

pub(crate) const CALLERS: u32 = 64;

/// From one call of a caller to its next, so that the machine is busy but not overrun: after a body that takes no time, and
/// where the code is not optimized.
const PAUSE: Duration = Duration::from_millis(30);

/// The time that the cache adds to a call that does not wait, on a machine that may be busy.
const NOTHING: Duration = Duration::from_millis(1);

/// How a call ended, and how much longer than its body it took.
pub(crate) type Ending = Pin<Box<dyn Future<Output = (CacheStatus, Duration)> + Send>>;

/// A crowd that calls one handler, whose body takes a given time.
macro_rules! crowd {
    ($url:expr, $name:expr, $body:expr, $budget:expr $(, $argument:ident = $value:expr)*) => {{
        static URL: std::sync::OnceLock<String> = std::sync::OnceLock::new();

        #[redis_cache_runtime::handler_cache(
            url = URL.get().unwrap().as_str(),
            name = $name,
            timeout = $budget,
            skip(in_body)
            $(, $argument = $value)*
        )]
        async fn slow(n: u32, in_body: &std::sync::Mutex<std::time::Duration>) -> String {
            let began = std::time::Instant::now();
            if !$body.is_zero() {
                tokio::time::sleep($body).await;
            }
            let answer = $crate::rig::answer(n);
            *in_body.lock().unwrap() = began.elapsed();
            answer
        }

        URL.set($url).unwrap();
        $crate::crowd::Crowd::gather($body, |n| {
            Box::pin(async move {
                let in_body = std::sync::Mutex::default();
                let began = std::time::Instant::now();
                let call = redis_cache_runtime::observe_async(slow(n, &in_body));
                let (value, outcome) = call.await;
                let took = began.elapsed();
                assert_eq!(value, $crate::rig::answer(n));
                (outcome.unwrap().result, took - in_body.into_inner().unwrap())
            })
        })
    }};
}

/// A call and its result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) began: Instant,
    ended: Instant,
    pub(crate) added: Duration,
    pub(crate) result: CacheStatus,
    /// Whether this is the first call with this argument.
    pub(crate) is_new: bool,
}

/// Callers that go on until the test stops them. Each calls in turn with an argument of its own and with a new one.
pub(crate) struct Crowd {
    shared: Arc<Shared>,
    callers: Vec<JoinHandle<()>>,
    runtime: Runtime,
}

#[derive(Default)]
struct Shared {
    pause: Duration,
    ended: AtomicBool,
    next: AtomicU32,
    calls: Mutex<Vec<Seen>>,
}

impl Crowd {
    pub(crate) fn gather(body: Duration, call: fn(u32) -> Ending) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let shared = Arc::new(Shared {
            pause: if body.is_zero() || cfg!(debug_assertions) {
                PAUSE
            } else {
                Duration::ZERO
            },
            ..Shared::default()
        });
        let callers = (0..CALLERS)
            .map(|own| runtime.spawn(Arc::clone(&shared).call(own, call)))
            .collect();
        let crowd = Self {
            shared,
            callers,
            runtime,
        };
        let began = Instant::now();
        crowd.await_hits(began, CALLERS as usize);
        crowd
    }

    /// The calls that ended in that time.
    pub(crate) fn between(&self, from: Instant, to: Instant) -> Vec<Seen> {
        let calls = self.shared.calls.lock().unwrap();
        let within = calls.iter().filter(|call| (from..to).contains(&call.ended));
        within.copied().collect()
    }

    /// Waits until as many calls have ended since then.
    pub(crate) fn await_calls(&self, from: Instant, count: usize) {
        within(RECOVERY * 3, || {
            self.has_not_failed();
            self.between(from, Instant::now()).len() >= count
        });
    }

    /// Waits until as many calls since then were hits, and tells when the first was.
    #[track_caller]
    pub(crate) fn await_hits(&self, from: Instant, count: usize) -> Duration {
        let mut first = None;
        within(RECOVERY * 3, || {
            self.has_not_failed();
            let calls = self.between(from, Instant::now());
            let hits = calls
                .iter()
                .filter(|call| call.result == CacheStatus::HitRedis);
            let hits: Vec<_> = hits.map(|call| call.ended - from).collect();
            first = hits.first().copied();
            hits.len() >= count
        });
        first.unwrap()
    }

    /// Waits until calls do not wait for Redis any more, and tells since when.
    #[track_caller]
    pub(crate) fn await_open(&self, from: Instant) -> Instant {
        let mut since = None;
        within(RECOVERY, || {
            self.has_not_failed();
            let calls = self.between(from, Instant::now());
            let Some(latest) = calls.last_chunk::<{ CALLERS as usize }>() else {
                return false;
            };
            let at_once = latest
                .iter()
                .filter(|call| call.result == CacheStatus::ErrorOpen && call.added < NOTHING);
            since = Some(latest[0].ended);
            at_once.count() > latest.len() * 3 / 4
        });
        since.unwrap()
    }

    /// Stops the callers, and checks that no call has failed.
    #[track_caller]
    pub(crate) fn end(self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        for caller in self.callers {
            self.runtime.block_on(caller).unwrap();
        }
    }

    #[track_caller]
    fn has_not_failed(&self) {
        let gone = self.callers.iter().filter(|caller| caller.is_finished());
        assert_eq!(gone.count(), 0, "a call has failed");
    }
}

impl Shared {
    async fn call(self: Arc<Self>, own: u32, call: fn(u32) -> Ending) {
        let mut is_new = false;
        while !self.ended.load(Ordering::Relaxed) {
            let n = if is_new {
                CALLERS + self.next.fetch_add(1, Ordering::Relaxed)
            } else {
                own
            };
            let began = Instant::now();
            let (result, added) = call(n).await;
            let ended = Instant::now();
            self.calls.lock().unwrap().push(Seen {
                began,
                ended,
                added,
                result,
                is_new,
            });
            is_new = !is_new;
            if !self.pause.is_zero() {
                tokio::time::sleep(self.pause).await;
            }
        }
    }
}

/// The time that the cache added to each call, sorted.
pub(crate) struct Added(Vec<Duration>);

impl Added {
    /// Of the calls that ran the body: a hit is no loss, however long its look-up took.
    pub(crate) fn to_bodies(calls: &[Seen]) -> Self {
        let ran = calls.iter().filter(|call| !call.result.is_hit());
        let mut added: Vec<_> = ran.map(|call| call.added).collect();
        added.sort();
        Self(added)
    }

    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let at = self.0.len() * percent / 100;
        self.0
            .get(at)
            .or(self.0.last())
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn longest(&self) -> Duration {
        self.percentile(100)
    }

    /// Whether no caller waited, but for the few that a busy machine holds up.
    pub(crate) fn is_nothing(&self) -> bool {
        self.percentile(50) < NOTHING && self.percentile(90) < AT_ONCE
    }
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [half, most] = [50, 99].map(|percent| self.percentile(percent));
        let (calls, longest) = (self.0.len(), self.longest());
        write!(
            f,
            "p50 {half:.2?}, p99 {most:.2?}, longest {longest:.2?} of {calls} calls"
        )
    }
}
