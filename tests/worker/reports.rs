//! A subscriber or a recorder that is in the way, and a cache that does not mind: faults come and go, and every call ends with
//! the right value.

use std::{
    future::Future as _,
    process,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use cache_tests_support::{Fault, FaultProxy, Manner, RedisServer, Reporter, cache, eventually};
use redis_cache_runtime::{CacheStatus, HandlerCache, handler_cache, observe, observe_async};
use tokio::runtime::Runtime;
use tracing_subscriber::{Layer, layer::SubscriberExt as _, util::SubscriberInitExt as _};

static URL: OnceLock<String> = OnceLock::new();

/// How often the subscriber or the recorder has run.
static TOLD: AtomicU32 = AtomicU32::new(0);

fn url() -> &'static str {
    URL.get().unwrap()
}

fn behave(manner: Manner) {
    let told = TOLD.fetch_add(1, Ordering::Relaxed);
    match manner {
        Manner::Panics => panic!("failed printing to stdout: Broken pipe (os error 32)"),
        Manner::Blocks => loop {
            thread::park();
        },
        Manner::CallsHandlers => {
            // The same that are called outside, in the middle of that.
            for n in 0..3 {
                assert_eq!(blocking(n), n * 2);
                assert_eq!(called_by_reports(n), n + 1);
            }
        }
        // A recorder gets thousands of events, and each question takes its timeout while Redis hangs.
        Manner::AsksCaches if told >= 20 && !told.is_multiple_of(1000) => {}
        Manner::AsksCaches => {
            if let Ok(cache) = HandlerCache::named("reported") {
                _ = cache.info().wait();
                _ = cache.invalidate((u32::MAX,)).wait();
            }
            _ = redis_cache_runtime::flush_all().wait();
        }
    }
}

struct Subscriber(Manner);

impl<S: tracing_subscriber::registry::LookupSpan<'static> + tracing::Subscriber> Layer<S>
    for Subscriber
{
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target().starts_with("redis_cache_runtime") {
            behave(self.0);
        }
    }
}

#[handler_cache(url = url(), name = "reported")]
fn blocking(n: u32) -> u32 {
    n * 2
}

#[handler_cache(url = url(), name = "reported-async")]
async fn on_runtime(n: u32) -> u32 {
    n * 3
}

#[handler_cache(url = url(), name = "called-by-reports")]
fn called_by_reports(n: u32) -> u32 {
    n + 1
}

/// Some of these values fill the queue of writes.
#[handler_cache(url = url(), name = "reported-big", max_value_bytes = 100_000_000, timeout = "2s")]
fn big(n: u8) -> Vec<u8> {
    vec![n; 15_000_000]
}

#[handler_cache(url = url(), name = "reported-too-large", max_value_bytes = 100)]
fn too_large(n: u8) -> Vec<u8> {
    vec![n; 1000]
}

/// An argument that refuses to be written into a key.
struct Unkeyed;

impl serde::Serialize for Unkeyed {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not this one"))
    }
}

#[handler_cache(url = url(), name = "reported-unkeyed")]
fn unkeyed(argument: &Unkeyed, n: u8) -> u8 {
    _ = argument;
    n
}

#[handler_cache(url = url(), name = "reported-panics")]
fn panics(n: u8) -> u8 {
    panic!("a body may: {n}")
}

#[handler_cache(url = url(), name = "reported")]
fn of_a_taken_name(n: u8) -> u8 {
    n
}

pub(crate) fn run(reporter: Reporter, manner: Manner) {
    if manner == Manner::Panics {
        // Many: they are expected.
        std::panic::set_hook(Box::new(|_| {}));
    }
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 50);
    URL.set(proxy.url()).unwrap();
    match reporter {
        Reporter::Subscriber => tracing_subscriber::registry()
            .with(Subscriber(manner))
            .init(),
        #[cfg(feature = "metrics")]
        Reporter::Recorder => metrics::set_global_recorder(recorder::Recorder(manner)).unwrap(),
        #[cfg(not(feature = "metrics"))]
        Reporter::Recorder => panic!("there are no recorders without the feature `metrics`"),
    }
    let runtime = Runtime::new().unwrap();
    let check = Check { runtime: &runtime };
    check.is_cached(1);
    assert_eq!(too_large(7), [7; 1000]);
    assert_eq!(unkeyed(&Unkeyed, 7), 7);
    assert_eq!(of_a_taken_name(7), 7);
    std::panic::catch_unwind(|| panics(7)).unwrap_err();
    for round in 2..4 {
        proxy.set(&[Fault::Hang]);
        for n in 0..6 {
            assert_eq!(big(n), vec![n; 15_000_000]);
        }
        check.calls(1000 * round);
        proxy.set(&[Fault::Refuse]);
        proxy.cut();
        check.calls(1000 * round + 500);
        proxy.lift();
        check.is_cached(round);
        for n in 0..6 {
            assert_eq!(big(n), vec![n; 15_000_000]);
        }
    }
    for name in ["reported", "reported-async", "reported-big"] {
        let cache = cache(name);
        eventually(|| cache.flush().wait().is_ok());
        let info = cache.info().wait().unwrap();
        assert_eq!(info.waiting, 0, "{name}: {info:?}");
    }
    eventually(|| TOLD.load(Ordering::Relaxed) > 0);
    println!("told {}", TOLD.load(Ordering::Relaxed));
    process::exit(0);
}

struct Check<'r> {
    runtime: &'r Runtime,
}

impl Check<'_> {
    fn call(&self, n: u32) -> [CacheStatus; 2] {
        let (value, first) = observe(|| blocking(n));
        assert_eq!(value, n * 2);
        let (value, second) = self.runtime.block_on(observe_async(on_runtime(n)));
        assert_eq!(value, n * 3);
        [first, second].map(|outcome| outcome.unwrap().result)
    }

    fn calls(&self, from: u32) {
        for n in from..from + 100 {
            self.call(n);
        }
        // Callers that go away in the middle of a call.
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let _entered = self.runtime.enter();
        for n in from + 100..from + 110 {
            _ = Box::pin(on_runtime(n)).as_mut().poll(&mut context);
        }
    }

    fn is_cached(&self, n: u32) {
        eventually(|| self.call(n) == [CacheStatus::HitRedis; 2]);
    }
}

#[cfg(feature = "metrics")]
mod recorder {
    use std::{sync::Arc, thread};

    use metrics::{
        Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata,
        SharedString, Unit,
    };

    use super::{Manner, behave};

    pub(super) struct Recorder(pub(super) Manner);

    /// A recorder that blocks a caller's thread blocks that call: only threads of the cache are blocked.
    fn record(manner: Manner) {
        let is_ours = thread::current()
            .name()
            .is_some_and(|name| name.starts_with("redis-cache"));
        if manner != Manner::Blocks || is_ours {
            behave(manner);
        }
    }

    struct Instrument(Manner);

    impl CounterFn for Instrument {
        fn increment(&self, _: u64) {
            record(self.0);
        }

        fn absolute(&self, _: u64) {
            record(self.0);
        }
    }

    impl GaugeFn for Instrument {
        fn increment(&self, _: f64) {
            record(self.0);
        }

        fn decrement(&self, _: f64) {
            record(self.0);
        }

        fn set(&self, _: f64) {
            record(self.0);
        }
    }

    impl HistogramFn for Instrument {
        fn record(&self, _: f64) {
            record(self.0);
        }
    }

    impl metrics::Recorder for Recorder {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
            record(self.0);
        }

        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
            record(self.0);
        }

        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
            record(self.0);
        }

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            self.register(key);
            Counter::from_arc(Arc::new(Instrument(self.0)))
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            self.register(key);
            Gauge::from_arc(Arc::new(Instrument(self.0)))
        }

        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            self.register(key);
            Histogram::from_arc(Arc::new(Instrument(self.0)))
        }
    }

    impl Recorder {
        /// A recorder that panics gives no handle, so half of the registrations succeed.
        fn register(&self, key: &Key) {
            if self.0 != Manner::Panics || key.name().len().is_multiple_of(2) {
                record(self.0);
            }
        }
    }
}
