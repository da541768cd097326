//! An executor may do anything where it wakes a task: no other call is held up.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::{DEADLINE, RedisServer, cache, eventually, flush_all};
use redis_cache_runtime::{Config, handler_cache};

use crate::ends;

/// The budget of a look-up, and the time that a busy machine may add.
const BUDGET: Duration = Duration::from_secs(1);
const SLACK: Duration = Duration::from_secs(3);

static SERVER: OnceLock<RedisServer> = OnceLock::new();

fn server() -> &'static RedisServer {
    SERVER.get_or_init(RedisServer::start)
}

fn config() -> Config {
    Config::new(server().url())
}

#[handler_cache(config = config(), name = "wakers-sync", timeout = BUDGET)]
fn blocking(n: u32) -> u32 {
    n + 1
}

#[handler_cache(config = config(), name = "wakers", timeout = BUDGET)]
async fn in_task(n: u32) -> u32 {
    n + 1
}

/// Never comes back, once it has been called.
#[derive(Default)]
struct Endless(AtomicBool);

impl Wake for Endless {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
        loop {
            thread::park();
        }
    }
}

/// Makes a call whose waker never comes back.
fn call_of_an_endless_one(first: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    let endless = Arc::<Endless>::default();
    let waker = Waker::from(Arc::clone(&endless));
    for n in first.. {
        let mut call: Pin<Box<dyn Future<Output = u32> + Send>> = Box::pin(in_task(n));
        let polled = call.as_mut().poll(&mut Context::from_waker(&waker));
        // The answer may be there already.
        if polled.is_pending() {
            eventually(|| endless.0.load(Ordering::Acquire));
            return call;
        }
    }
    unreachable!("one of so many waits")
}

/// All other calls end in their time.
fn all_others_end(n: u32, tell: &dyn Fn(String)) {
    let within = |what: &str, most: Duration, call: &dyn Fn()| {
        let began = Instant::now();
        call();
        let took = began.elapsed();
        assert!(took < most + SLACK, "{what}: {took:?}");
        tell(what.to_owned());
    };
    within("a thread", BUDGET, &|| assert_eq!(blocking(n), n + 1));
    within("smol", BUDGET, &|| {
        assert_eq!(smol::block_on(in_task(n + 1)), n + 2);
    });
    within("pollster", BUDGET, &|| {
        assert_eq!(pollster::block_on(in_task(n + 2)), n + 3);
    });
    within("tokio", BUDGET * 4, &|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for n in n + 3..n + 7 {
            assert_eq!(runtime.block_on(in_task(n)), n + 1);
        }
    });
}

fn start() {
    blocking(0);
    smol::block_on(in_task(0));
    flush_all();
}

#[test]
fn wakers_that_never_come_back_when_there_is_an_answer() {
    ends(|tell| {
        start();
        for round in 0..8 {
            let n = 10_000 * (round + 1);
            let call = call_of_an_endless_one(n);
            all_others_end(n + 9_000, tell);
            let info = cache("wakers").info().wait();
            assert_eq!(info.unwrap().unavailable, None);
            smol::block_on(async { redis_cache_runtime::flush_all().await.unwrap() });
            tell(format!("{} rounds", round + 1));
            drop(call);
        }
    });
}

#[test]
fn wakers_that_never_come_back_when_there_is_none() {
    ends(|tell| {
        start();
        server().stop();
        // The first blocks the thread of replies, and the second the timer: then neither wakes any other call.
        let calls = [100, 20_000].map(call_of_an_endless_one);
        all_others_end(40_000, tell);
        server().resume();
        drop(calls);
    });
}

/// Polls where it is woken.
struct Inline {
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    again: AtomicBool,
}

impl Inline {
    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        let inline = Self {
            future: Mutex::new(Some(Box::pin(future))),
            again: AtomicBool::new(false),
        };
        Arc::new(inline).wake();
    }
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        self.again.store(true, Ordering::SeqCst);
        while self.again.swap(false, Ordering::SeqCst) {
            let Ok(mut future) = self.future.try_lock() else {
                return self.again.store(true, Ordering::SeqCst);
            };
            let waker = Waker::from(Arc::clone(&self));
            let polled = future
                .as_mut()
                .map(|future| future.as_mut().poll(&mut Context::from_waker(&waker)));
            if polled.is_some_and(|polled| polled.is_ready()) {
                *future = None;
            }
        }
    }
}

#[test]
fn a_body_that_runs_where_it_is_woken_and_asks_the_cache() {
    #[handler_cache(config = config(), name = "wakers-curious", timeout = BUDGET)]
    async fn curious(n: u32) -> u64 {
        let misses = || {
            let info = cache("wakers-sync").info();
            info.wait().unwrap().misses
        };
        let before = misses();
        blocking(n);
        misses() - before
    }

    ends(|tell| {
        start();
        for n in 1..=10 {
            let (sender, receiver) = mpsc::channel();
            let began = Instant::now();
            Inline::spawn(async move { sender.send(curious(n).await).unwrap() });
            assert_eq!(receiver.recv_timeout(DEADLINE).unwrap(), 1);
            assert!(began.elapsed() < SLACK);
            tell(format!("{n} bodies"));
        }
    });
}
