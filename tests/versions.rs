//! A version or an identity that changes while a body runs: only the caller gets the value.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use cache_tests_support::{config, flush_all, shards};
use redis_cache_runtime::{CacheIdentity, CacheStatus, handler_cache, observe};
use tokio::sync::Notify;

/// A model that can be swapped while it is used.
#[derive(Default)]
struct Swap {
    revision: AtomicU32,
    /// The revision that the next body swaps in.
    during: Mutex<Option<u32>>,
    bodies: AtomicU32,
}

impl Swap {
    fn revision(&self) -> u32 {
        self.revision.load(Ordering::SeqCst)
    }

    fn set(&self, revision: u32) {
        self.revision.store(revision, Ordering::SeqCst);
    }

    /// The body of each handler here: swapped, if it is to be, before it looks at the model.
    fn compute(&self, n: u32) -> u32 {
        self.bodies.fetch_add(1, Ordering::SeqCst);
        if let Some(revision) = self.during.lock().unwrap().take() {
            self.set(revision);
        }
        self.revision() * 1000 + n
    }
}

/// The answers of a handler before the swap, during it, after it and after a swap back; each twice.
fn swaps(model: &Swap, call: impl Fn(u32) -> u32) {
    let calls = |n, expected: u32| {
        for _ in 0..2 {
            assert_eq!(call(n), expected);
            flush_all();
        }
    };
    model.set(1);
    calls(1, 1001);
    *model.during.lock().unwrap() = Some(2);
    assert_eq!(
        call(2),
        2002,
        "the model that was there when the body looked"
    );
    flush_all();
    calls(1, 2001);
    model.set(1);
    calls(2, 1002);
    calls(1, 1001);
    // The first of each revision and number, and the one during the swap, ran; the others are hits.
    assert_eq!(model.bodies.load(Ordering::SeqCst), 4);
}

struct Versioned(Arc<Swap>);

impl Versioned {
    #[handler_cache(config = config(), shards = shards(), name = "v-shared", timeout = "5s", version = self.0.revision())]
    fn shared(&self, n: u32) -> u32 {
        self.0.compute(n)
    }

    #[handler_cache(config = config(), shards = shards(), name = "v-arc", timeout = "5s", version = format!("{}", self.0.revision()))]
    fn arc(self: Arc<Self>, n: u32) -> u32 {
        self.0.compute(n)
    }

    #[handler_cache(config = config(), shards = shards(), name = "v-async", timeout = "5s", version = self.0.revision())]
    async fn awaited(&self, n: u32) -> u32 {
        tokio::task::yield_now().await;
        self.0.compute(n)
    }

    #[handler_cache(config = config(), shards = shards(), name = "v-pinned", timeout = "5s", version = self.0.revision())]
    async fn pinned(self: Pin<Arc<Self>>, n: u32) -> u32 {
        tokio::task::yield_now().await;
        self.0.compute(n)
    }
}

struct Identified(Arc<Swap>);

impl CacheIdentity for Identified {
    fn cache_identity(&self) -> impl serde::Serialize {
        self.0.revision()
    }
}

impl Identified {
    #[handler_cache(config = config(), shards = shards(), name = "i-shared", timeout = "5s")]
    fn shared(&self, n: u32) -> u32 {
        self.0.compute(n)
    }

    #[handler_cache(config = config(), shards = shards(), name = "i-arc", timeout = "5s")]
    fn arc(self: Arc<Self>, n: u32) -> u32 {
        self.0.compute(n)
    }

    #[handler_cache(config = config(), shards = shards(), name = "i-async", timeout = "5s")]
    async fn awaited(&self, n: u32) -> u32 {
        tokio::task::yield_now().await;
        self.0.compute(n)
    }

    /// The version stays the same, the identity does not.
    #[handler_cache(config = config(), shards = shards(), name = "i-both", timeout = "5s", version = label.len())]
    async fn both(self: Arc<Self>, n: u32, label: String) -> u32 {
        drop(label);
        tokio::task::yield_now().await;
        self.0.compute(n)
    }
}

#[handler_cache(config = config(), shards = shards(), name = "v-reference", timeout = "5s", skip(model), version = model.revision())]
fn by_reference(model: &Swap, n: u32) -> u32 {
    model.compute(n)
}

#[handler_cache(config = config(), shards = shards(), name = "v-pointer", timeout = "5s", skip(model), version = (model.revision(), n))]
fn by_pointer(model: Arc<Swap>, n: u32) -> u32 {
    model.compute(n)
}

#[handler_cache(config = config(), shards = shards(), name = "v-format", timeout = "5s", skip(model, revision), version = format!("{revision}-{}", model.revision()))]
async fn by_format(revision: &str, model: Arc<Swap>, n: u32) -> u32 {
    model.compute(n)
}

#[handler_cache(config = config(), shards = shards(), name = "v-loop", timeout = "5s", skip(model), version = {
    let mut last = None;
    for _ in 0..4 {
        if last.is_none() {
            last = Some(model.revision());
            continue;
        }
        break;
    }
    last
})]
fn by_loop(model: &Swap, n: u32) -> u32 {
    model.compute(n)
}

#[handler_cache(config = config(), shards = shards(), name = "v-closure", timeout = "5s", skip(model), version = {
    let revision = |model: &Swap| -> Option<u32> {
        if model.revision() == 0 {
            return None;
        }
        Some(Some(model.revision())? + 1)
    };
    revision(model)
})]
fn by_closure(model: &Swap, n: u32) -> u32 {
    model.compute(n)
}

#[handler_cache(config = config(), shards = shards(), name = "v-block", timeout = "5s", skip(model), version = block_on(async {
    std::future::ready(model.revision()).await
}))]
fn by_async_block(model: &Swap, n: u32) -> u32 {
    model.compute(n)
}

/// The version's own `label` is not the parameter, which the body has for itself.
#[handler_cache(config = config(), shards = shards(), name = "v-shadow", timeout = "5s", skip(model, label), version = {
    let label = model.revision();
    match label {
        0 => None,
        label => Some(format!("{label}")),
    }
})]
fn by_own_name(model: &Swap, n: u32, label: String) -> u32 {
    drop(label);
    model.compute(n)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn a_swap_while_a_body_runs() {
    let model = Arc::<Swap>::default;

    let swap = model();
    let versioned = Versioned(Arc::clone(&swap));
    swaps(&swap, |n| versioned.shared(n));

    let swap = model();
    let versioned = Arc::new(Versioned(Arc::clone(&swap)));
    swaps(&swap, |n| Arc::clone(&versioned).arc(n));

    let swap = model();
    swaps(&swap, |n| by_reference(&swap, n));

    let swap = model();
    swaps(&swap, |n| by_pointer(Arc::clone(&swap), n));

    let swap = model();
    let identified = Identified(Arc::clone(&swap));
    swaps(&swap, |n| identified.shared(n));

    let swap = model();
    let identified = Arc::new(Identified(Arc::clone(&swap)));
    swaps(&swap, |n| Arc::clone(&identified).arc(n));
}

/// A version expression with closures, loops and names of its own is evaluated again after the body.
#[test]
fn a_version_of_many_words_is_asked_again() {
    let swap = Swap::default();
    swaps(&swap, |n| by_loop(&swap, n));

    let swap = Swap::default();
    swaps(&swap, |n| by_closure(&swap, n));

    let swap = Swap::default();
    swaps(&swap, |n| by_async_block(&swap, n));

    let swap = Swap::default();
    swaps(&swap, |n| by_own_name(&swap, n, "x".to_owned()));
}

#[test]
fn a_swap_while_an_async_body_runs() {
    let model = Arc::<Swap>::default;

    let swap = model();
    let versioned = Versioned(Arc::clone(&swap));
    swaps(&swap, |n| block_on(versioned.awaited(n)));

    let swap = model();
    let versioned = Arc::pin(Versioned(Arc::clone(&swap)));
    swaps(&swap, |n| block_on(Pin::clone(&versioned).pinned(n)));

    let swap = model();
    swaps(&swap, |n| block_on(by_format("r", Arc::clone(&swap), n)));

    let swap = model();
    let identified = Identified(Arc::clone(&swap));
    swaps(&swap, |n| block_on(identified.awaited(n)));

    let swap = model();
    let identified = Arc::new(Identified(Arc::clone(&swap)));
    swaps(&swap, |n| {
        block_on(Arc::clone(&identified).both(n, "x".to_owned()))
    });
}

/// Followers of a body whose version changes run by themselves.
#[tokio::test]
async fn a_swap_while_others_wait() {
    #[derive(Default)]
    struct Model {
        revision: AtomicU32,
        runs: AtomicU32,
        entered: Notify,
        swapped: Notify,
    }

    #[handler_cache(config = config(), shards = shards(), name = "v-follow", timeout = "5s", skip(model), version = model.revision.load(Ordering::SeqCst))]
    async fn follow(model: Arc<Model>, n: u32) -> (u32, u32) {
        let run = model.runs.fetch_add(1, Ordering::SeqCst);
        if run == 0 {
            model.entered.notify_one();
            model.swapped.notified().await;
        }
        (run, model.revision.load(Ordering::SeqCst) + n)
    }

    let model = Arc::new(Model::default());
    let call = || tokio::spawn(follow(Arc::clone(&model), 1));
    let leader = call();
    model.entered.notified().await;
    let followers: Vec<_> = (0..4).map(|_| call()).collect();
    // On this one thread each of them has begun, and waits, before this goes on.
    tokio::task::yield_now().await;
    model.revision.store(1, Ordering::SeqCst);
    model.swapped.notify_one();
    assert_eq!(leader.await.unwrap(), (0, 2));
    for follower in followers {
        let (run, value) = follower.await.unwrap();
        assert_eq!((run > 0, value), (true, 2), "run {run}");
    }
    redis_cache_runtime::flush_all().await.unwrap();
    // Nothing stands under the revision that is there again.
    model.revision.store(0, Ordering::SeqCst);
    let runs = model.runs.load(Ordering::SeqCst);
    assert_eq!(follow(Arc::clone(&model), 1).await, (runs, 1));
}

/// The only instance goes with the call, and is asked all the same.
#[test]
fn an_instance_that_ends_with_the_call_is_cached() {
    let swap = Arc::<Swap>::default();
    for _ in 0..3 {
        let only = Arc::new(Identified(Arc::clone(&swap)));
        assert_eq!(only.arc(77), 77);
        flush_all();
    }
    assert_eq!(swap.bodies.load(Ordering::SeqCst), 1);
}

/// A version of an argument that the body owns can't be evaluated again: the value is cached under the version from before.
#[test]
fn what_the_body_owns_is_not_asked_again() {
    static BODIES: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "v-owned", timeout = "5s", version = text.len())]
    fn owned(mut text: String, list: &mut Vec<u32>) -> usize {
        BODIES.fetch_add(1, Ordering::SeqCst);
        text.push('!');
        text.len() + list.len()
    }

    for _ in 0..3 {
        assert_eq!(owned("four".to_owned(), &mut vec![1]), 6);
        flush_all();
    }
    assert_eq!(BODIES.load(Ordering::SeqCst), 1);
}

/// In a text that is formatted a name stands without its `r#`.
#[test]
fn what_the_body_owns_may_be_called_like_a_keyword() {
    static BODIES: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "v-keyword", timeout = "5s", version = format!("{type}"))]
    fn owned(r#type: String) -> usize {
        BODIES.fetch_add(1, Ordering::SeqCst);
        drop(r#type);
        4
    }

    for kind in ["a", "b", "a"] {
        assert_eq!(owned(kind.to_owned()), 4);
        flush_all();
    }
    assert_eq!(BODIES.load(Ordering::SeqCst), 2);
}

/// Asking again may panic, which the caller does not notice.
#[test]
fn a_version_that_panics_when_it_is_asked_again() {
    static ASKED: AtomicU32 = AtomicU32::new(0);

    fn revision() -> u32 {
        assert!(
            ASKED.fetch_add(1, Ordering::SeqCst).is_multiple_of(2),
            "on purpose"
        );
        1
    }

    #[handler_cache(config = config(), shards = shards(), name = "v-panics", timeout = "5s", version = revision())]
    fn double(n: u32) -> u32 {
        n * 2
    }

    for _ in 0..2 {
        let (value, outcome) = observe(|| double(4));
        assert_eq!((value, outcome.unwrap().result), (8, CacheStatus::Miss));
        flush_all();
    }
}
