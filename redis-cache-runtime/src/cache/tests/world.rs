//! One cache, a fake server, and a writer that the tests run by hand.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

use crate::{
    cache::invalidation::Told,
    config::Settings,
    conn::{
        Deadlines, IoThread,
        fake::{Command, FakeRedis, Reply, line},
    },
    key::{CallKey, EncodeError, KeyOwner},
    outcome::CacheStatus,
    remote::{Scripts, Terms, model::Model, write_all},
    telemetry::Event,
};

pub(super) use super::super::*;
pub(super) use crate::key::KeyBuilder;

/// The codec that an expansion finds for a return type.
macro_rules! codec {
    ($returned:ty) => {{
        use crate::value::codec::{ComparedThere as _, ReturnedWhole as _};
        let returned = crate::value::codec::Returned::<$returned>::NEW;
        let stored = returned.__handler_cache_stored();
        returned.__handler_cache_codec((&&&stored).__handler_cache_comparison())
    }};
}
pub(super) use codec;

pub(super) const KEY: u8 = 1;

/// Answers one request in place of the model.
type Turn = Box<dyn FnOnce(&mut Model, &[Command]) -> Reply + Send>;

pub(super) struct World {
    pub(super) cache: &'static Arc<Cache>,
    pub(super) fake: Arc<FakeRedis>,
    pub(super) model: Arc<Mutex<Model>>,
    pub(super) turns: Arc<Mutex<VecDeque<Turn>>>,
}

#[derive(Debug)]
struct Owner;

impl KeyOwner for Owner {
    fn report_unkeyed(&self, _: &EncodeError) {}

    fn report_anonymous(&self, _: &'static str) {}
}

/// The key of a call.
pub(super) fn key(of: u8) -> CallKey {
    versioned(of, 0)
}

/// The key of a call with a version.
pub(super) fn versioned(of: u8, version: u64) -> CallKey {
    let domain = Domain {
        seed: [of; 32],
        ..Domain::default()
    };
    let mut key = KeyBuilder::new(&Owner, Some(domain));
    key.version(&version);
    key.finish()
}

pub(super) fn digest(of: u8) -> Digest {
    key(of).digest.unwrap()
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(&Settings::new())
    }

    pub(super) fn with(settings: &Settings) -> Self {
        let model = Arc::<Mutex<Model>>::default();
        let turns = Arc::<Mutex<VecDeque<Turn>>>::default();
        let (served, next) = (Arc::clone(&model), Arc::clone(&turns));
        let fake = FakeRedis::new(move |commands| {
            let turn = next.lock().unwrap().pop_front();
            let mut model = served.lock().unwrap();
            match turn {
                Some(turn) => turn(&mut model, commands),
                None => model.serve(commands),
            }
        });
        let config = settings.resolve("c").unwrap();
        let shard = Shard::new(Keyspace::new("c"), config.maxsize, Arc::clone(&fake));
        let deployment = Deployment::new(&config.topology, Scripts::get().greeting());
        let cache = Cache::on([Arc::new(shard)].into(), &config, deployment);
        // The body is known to be so slow that no follower's patience ends in a test.
        cache.compute_time.add(Duration::from_secs(600), false);
        Deadlines::start();
        until(|| Deadlines::get().is_some());
        until(|| IoThread::running().is_some());
        Self {
            cache: Box::leak(Box::new(Arc::new(cache))),
            fake,
            model,
            turns,
        }
    }

    /// Queues a turn, for the next request that has none yet.
    pub(super) fn next(&self, turn: impl FnOnce(&mut Model, &[Command]) -> Reply + Send + 'static) {
        self.turns.lock().unwrap().push_back(Box::new(turn));
    }

    /// Answers each command of the next request with this line.
    pub(super) fn next_line(&self, text: &'static str) {
        self.next(move |_, commands| Reply::Answers(commands.iter().map(|_| line(text)).collect()));
    }

    /// Makes a call whose body returns `value`.
    pub(super) fn call(&self, value: &str) -> String {
        self.call_with(|| value.to_owned())
    }

    pub(super) fn call_with(&self, body: impl FnOnce() -> String) -> String {
        self.cache.call(key(KEY), codec!(String), body, |_| {})
    }

    /// Makes a call of an async method.
    pub(super) fn task<F: Future<Output = String>>(
        &self,
        body: impl FnOnce() -> F,
    ) -> impl Future<Output = String> {
        let by = CalledBy::Cache(self.cache);
        call_async(by, key(KEY), codec!(String), body, |_| {})
    }

    /// Writes all that is queued.
    pub(super) fn write(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        let terms = Terms {
            ttl: self.cache.ttl,
            seal: self.cache.seal,
        };
        let events = Arc::clone(self.cache) as Arc<dyn StoreEvents>;
        runtime
            .unwrap()
            .block_on(write_all(&self.cache.shards[0], terms, events));
    }

    pub(super) fn clear(&self) -> Vec<Told> {
        invalidation::clear(self.cache, &Arc::default())
    }

    pub(super) fn invalidate(&self) -> Vec<Told> {
        vec![invalidation::delete(self.cache, digest(KEY))]
    }

    pub(super) fn count(&self, event: Event) -> u64 {
        self.cache.counters.event(event)
    }

    /// The results of the calls so far, in the order of [`CacheStatus::ALL`].
    pub(super) fn results(&self) -> Vec<(CacheStatus, u64)> {
        let counted = |result| (result, self.cache.counters.result(result));
        let all = CacheStatus::ALL.into_iter().map(counted);
        all.filter(|(_, count)| *count > 0).collect()
    }

    /// The bytes at the key's entry.
    pub(super) fn stored(&self) -> Option<Vec<u8>> {
        let model = self.model.lock().unwrap();
        let entry = model.entry(self.cache.shards[0].keyspace(), &digest(KEY));
        entry.map(<[u8]>::to_vec)
    }

    /// Puts other bytes there.
    pub(super) fn put(&self, what: &[u8]) {
        let entry = self.cache.shards[0].keyspace().entry(&digest(KEY));
        let mut model = self.model.lock().unwrap();
        model.entries.insert(entry, what.to_vec());
    }

    /// Writes all that is queued, then makes a call whose body would return "computed"; returns its value.
    pub(super) fn later(&self) -> String {
        self.write();
        self.call("computed")
    }
}

/// Waits until other threads have made `is_so` true, a minute at most.
pub(super) fn until(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "it takes too long");
        std::thread::yield_now();
    }
}

/// Polls a task once.
pub(super) fn poll<T>(task: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
    task.poll(&mut Context::from_waker(Waker::noop()))
}
