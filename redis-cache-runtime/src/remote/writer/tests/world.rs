//! One writer, a fake server, and a record of the writer's events.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use super::*;

/// Records the events of a writer.
pub(super) struct Recorder {
    pub(super) counters: Counters,
    pub(super) losses: Losses,
    pub(super) settled: Mutex<Vec<u64>>,
    pub(super) cleared: AtomicUsize,
    pub(super) refused: Mutex<Vec<String>>,
}

impl StoreEvents for Recorder {
    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }

    fn settled(&self, shard: &Shard, _: &Digest, ticket: u64) {
        shard.queue().settled(ticket);
        self.settled.lock().unwrap().push(ticket);
    }

    fn cleared(&self) {
        self.cleared.fetch_add(1, Ordering::Relaxed);
    }

    fn hurry(&self) {}

    fn late(&self) {}

    fn refused(&self, code: &str) {
        self.refused.lock().unwrap().push(code.to_owned());
    }
}

/// Answers one request in place of the model.
pub(super) type Turn = Box<dyn FnOnce(&mut Model, &[Command]) -> Reply + Send>;

/// A writer, and a fake server that answers as the model does, unless a turn is queued.
pub(super) struct World {
    pub(super) fake: Arc<FakeRedis>,
    pub(super) model: Arc<Mutex<Model>>,
    pub(super) turns: Arc<Mutex<VecDeque<Turn>>>,
    pub(super) shard: Arc<Shard>,
    pub(super) events: Arc<Recorder>,
    pub(super) writer: Writer,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_ttl(None)
    }

    pub(super) fn with_ttl(ttl: Option<Duration>) -> Self {
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
        let shard = Arc::new(Shard::new(
            Keyspace::new("c"),
            MaxSize::DEFAULT,
            Arc::clone(&fake),
        ));
        let events = Arc::new(Recorder {
            counters: Counters::new("c", MaxSize::DEFAULT),
            losses: Losses::default(),
            settled: Mutex::default(),
            cleared: AtomicUsize::new(0),
            refused: Mutex::default(),
        });
        let terms = Terms {
            ttl,
            seal: Seal::default(),
        };
        let writer = Writer::new(Arc::clone(&shard), terms, Arc::clone(&events) as _);
        Self {
            fake,
            model,
            turns,
            shard,
            events,
            writer,
        }
    }

    /// Queues a turn, for the next request that has none yet.
    pub(super) fn next(&self, turn: impl FnOnce(&mut Model, &[Command]) -> Reply + Send + 'static) {
        self.turns.lock().unwrap().push_back(Box::new(turn));
    }

    /// Answers each command of the next request with this line, and executes none.
    pub(super) fn next_line(&self, text: &'static str) {
        self.next(move |_, commands| Reply::Answers(commands.iter().map(|_| line(text)).collect()));
    }

    pub(super) fn push(&self, digest: Digest, text: &'static str) -> u64 {
        self.push_contents(digest, Contents::unread(text))
    }

    pub(super) fn push_contents(&self, digest: Digest, contents: Contents) -> u64 {
        let queue = self.shard.queue();
        let pushed = queue.push_store(queue.epoch(), digest, contents, None);
        pushed.ticket().unwrap()
    }

    pub(super) fn push_clear(&self) -> (usize, Told) {
        let (done, told) = done();
        let dropped = self.shard.queue().push_clear(Arc::default(), done);
        (dropped, told)
    }

    pub(super) fn push_invalidate(&self, digest: Digest) -> Told {
        let (done, told) = done();
        self.shard.queue().push_invalidate(digest, done);
        told
    }

    pub(super) fn push_flush(&self) -> Told {
        let (done, told) = done();
        self.shard.queue().push_flush(done);
        told
    }

    pub(super) async fn run(&mut self) {
        self.writer.empty_queue().await;
    }

    /// Whether Redis has this value.
    pub(super) fn has(&self, digest: Digest, text: &str) -> bool {
        let model = self.model.lock().unwrap();
        let entry = model.entry(self.shard.keyspace(), &digest);
        entry.is_some_and(|entry| entry.starts_with(text.as_bytes()))
    }

    pub(super) fn count(&self, event: Event) -> u64 {
        self.events.counters.event(event)
    }

    pub(super) fn settled(&self) -> Vec<u64> {
        self.events.settled.lock().unwrap().clone()
    }

    /// The losses since the last call.
    pub(super) fn losses(&self) -> String {
        let told = self.events.losses.told();
        let lost = self.events.losses.since(&told, "c").err();
        let lost = lost.map(|error| error.to_string()).unwrap_or_default();
        lost.split_once(": ")
            .map_or(String::new(), |(_, why)| why.to_owned())
    }
}

/// The results that a job has reported: one, once it is done.
pub(super) type Told = Arc<Mutex<Vec<Result<u64, Error>>>>;

pub(super) fn done() -> (Done, Told) {
    let told = Told::default();
    let hears = Arc::clone(&told);
    let done = Done::new(move |result| hears.lock().unwrap().push(result));
    (done, told)
}

/// Takes the one result that was reported.
pub(super) fn once(told: &Told) -> Result<u64, ErrorKind> {
    let mut told = told.lock().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0).map_err(|error| error.kind())
}
