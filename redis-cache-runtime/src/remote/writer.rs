//! The writer: sends the jobs of one shard's queue to Redis.

mod endings;
#[cfg(test)]
pub(crate) mod tests;

use std::{collections::VecDeque, future::pending, sync::Arc, time::Duration};

use bytes::Bytes;
use redis::{Pipeline, Value};
use tokio::time::{sleep, sleep_until, timeout};

use super::{
    Scripts, Shard,
    batch::collect,
    bulk::{self, run, unavailable},
    epoch::{Invalidated, Known},
    events::{StoreEvents, Terms},
    failed::Failed,
    flush_on_exit,
    keyspace::member,
    numbered::Numbered,
    queue::Job,
    retry::Retry,
    scripts,
    write_disposition::WriteDisposition,
};
use crate::{
    conn::{IoThread, Redis as _},
    key::Digest,
    limits::WRITE_BUDGET,
    outcome::Error,
    telemetry::{
        Event,
        metrics::{CacheMetrics, CacheOperation, ErrorType, Invalidation},
    },
    value::envelope::Contents,
};

/// The shortest TTL: Redis counts it in milliseconds.
const SHORTEST: Duration = Duration::from_millis(1);

/// How long the first job waits for more, unless a caller waits: each round trip wakes two threads and the server, on cores
/// that handlers could use.
const LINGER: Duration = Duration::from_millis(1);

/// Sends the jobs of one shard, in the order of its queue.
struct Writer {
    events: Arc<dyn StoreEvents>,
    terms: Terms,
    shard: Arc<Shard>,
    numbered: Numbered,
    /// Whether the last batch has used up its retries: the next ones get few, until Redis answers a command for good.
    in_vain: bool,
}

/// Starts the shard's writer on the background thread, for as long as the process lives.
pub(crate) fn start(shard: &Arc<Shard>, terms: Terms, events: Arc<dyn StoreEvents>) {
    flush_on_exit::watch(shard, &events);
    let shard = Arc::clone(shard);
    IoThread::keep(move || write(Arc::clone(&shard), terms, Arc::clone(&events)));
}

async fn write(shard: Arc<Shard>, terms: Terms, events: Arc<dyn StoreEvents>) {
    let mut writer = Writer::new(shard, terms, events);
    loop {
        let due = writer.shard.queue().due();
        let touches_due = async {
            match due {
                Some(due) => sleep_until(due.into()).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = writer.shard.announced() => {
                tokio::select! {
                    () = sleep(LINGER) => {}
                    () = writer.shard.hurried() => {}
                }
            }
            () = writer.shard.hurried() => {}
            () = touches_due => {}
        }
        writer.empty_queue().await;
    }
}

impl Writer {
    fn new(shard: Arc<Shard>, terms: Terms, events: Arc<dyn StoreEvents>) -> Self {
        Self {
            events,
            terms,
            shard,
            numbered: Numbered::default(),
            in_vain: false,
        }
    }

    /// Sends all jobs that are due, batch by batch.
    async fn empty_queue(&mut self) {
        loop {
            let batch = collect(&self.shard);
            // A flush at the end of this batch reports these losses, so they are counted before it.
            for _ in 0..self.shard.queue().take_late() {
                self.events.late();
            }
            if batch.is_empty() {
                break;
            }
            self.run(batch).await;
        }
    }

    fn metrics(&self) -> &CacheMetrics {
        self.events.counters().metrics()
    }

    fn learn(&self, known: Known) {
        if self.shard.queue().learn(known) {
            self.learnt_of_clear();
        }
    }

    /// Tells the cache of another process' clear.
    fn learnt_of_clear(&self) {
        self.events.cleared();
        self.metrics().count_invalidation(Invalidation::Epoch);
    }

    async fn run(&mut self, mut batch: VecDeque<Job>) {
        let last = match batch.back() {
            Some(job) if job.is_waited_for() => batch.pop_back(),
            _ => None,
        };
        if !batch.is_empty() {
            self.send(batch).await;
        }
        match last {
            Some(Job::Flush { done }) => {
                let up = self.shard.route().is_up().await;
                done.tell(up.then_some(0).ok_or_else(|| unavailable(&self.shard)));
            }
            Some(Job::Invalidate { digest, done }) => {
                let result = self.invalidate(&digest).await;
                self.count_failure(CacheOperation::Invalidate, &result);
                done.tell(result);
            }
            Some(Job::Clear {
                clear,
                progress,
                done,
            }) => {
                let result = bulk::clear(&self.shard, &clear, &progress).await;
                let now = result.as_ref().ok().map(|cleared| cleared.generation);
                if self.shard.queue().cleared(now) {
                    self.learnt_of_clear();
                }
                let result = result.map(|cleared| cleared.deleted);
                self.count_failure(CacheOperation::Clear, &result);
                done.tell(result);
            }
            Some(Job::Kept { .. } | Job::Store { .. } | Job::Touch { .. } | Job::Heal { .. })
            | None => {}
        }
    }

    async fn invalidate(&mut self, digest: &Digest) -> Result<u64, Error> {
        let step = Scripts::get().invalidate(self.shard.keyspace(), digest);
        let (deleted, base, number, before): (_, String, u64, u64) =
            run(&self.shard, &step).await?;
        if let Some(invalidated) = Invalidated::read(base.as_bytes(), number) {
            self.shard.queue().learn_invalidated(invalidated);
            self.numbered.add(member(digest), invalidated, before);
        }
        Ok(deleted)
    }

    /// Sends a batch as one pipeline, and again the commands that Redis redirects or puts off, until the retries are used up.
    async fn send(&mut self, mut batch: VecDeque<Job>) {
        let mut retry = if self.in_vain {
            Retry::few()
        } else {
            Retry::new()
        };
        let mut load = false;
        let mut failed = Failed::new(ErrorType::Loading);
        while !batch.is_empty() {
            batch = batch
                .into_iter()
                .map(|job| self.without_expired(job))
                .collect();
            let answers = match self.exchange(&batch, load).await {
                Ok(answers) => answers,
                Err(error) => {
                    failed = Failed::new(error);
                    break;
                }
            };
            load = false;
            let mut again = VecDeque::new();
            let mut later = false;
            for (job, answer) in std::mem::take(&mut batch).into_iter().zip(answers) {
                match WriteDisposition::of(&answer) {
                    WriteDisposition::Final => {
                        self.in_vain = false;
                        self.settle(&job, &answer);
                        continue;
                    }
                    WriteDisposition::UnknownScript => {
                        failed = Failed::answered(ErrorType::NoScript, &answer);
                        load = true;
                    }
                    WriteDisposition::Moved(redirect) => self.shard.route().follow(&redirect),
                    WriteDisposition::Later => {
                        failed = Failed::answered(ErrorType::Loading, &answer);
                        later = true;
                    }
                }
                again.push_back(job);
            }
            batch = again;
            if later {
                self.shard.route().request_ping();
            }
            if !batch.is_empty() && !retry.next().await {
                self.in_vain = true;
                break;
            }
        }
        for job in &batch {
            self.fail(job, &failed);
        }
    }

    /// One round trip. With `load` the commands that load the scripts go first.
    async fn exchange(&self, batch: &VecDeque<Job>, load: bool) -> Result<Vec<Value>, ErrorType> {
        let mut pipeline = if load {
            Scripts::get().load()
        } else {
            Pipeline::new()
        };
        let skip = pipeline.len();
        for job in batch {
            // Always a command: `run` has taken the other jobs out.
            pipeline.add_command(self.command(job).ok_or(ErrorType::Protocol)?);
        }
        let route = self.shard.route();
        match timeout(WRITE_BUDGET, route.exchange(&pipeline)).await {
            Ok(Some(Ok(mut answers))) if answers.len() == pipeline.len() => {
                Ok(answers.split_off(skip))
            }
            Ok(Some(Ok(_))) => Err(ErrorType::Protocol),
            Ok(None) => Err(ErrorType::Connect),
            Ok(Some(Err(error))) => {
                route.request_ping();
                Err(ErrorType::from(&error))
            }
            Err(_elapsed) => {
                route.request_ping();
                Err(ErrorType::Timeout)
            }
        }
    }

    /// Keeps only the touches of a store whose TTL is over: the value would expire as soon as it is stored.
    fn without_expired(&self, job: Job) -> Job {
        match job {
            Job::Store {
                touches,
                digest,
                ticket,
                contents,
                ..
            } if self.left(&contents).is_some_and(|left| left < SHORTEST) => {
                self.events.counters().count(Event::Expired);
                self.events.settled(&self.shard, &digest, ticket);
                Job::Touch { touches }
            }
            job => job,
        }
    }

    /// The part of a value's TTL that is left; `None`: it does not expire.
    fn left(&self, contents: &Contents) -> Option<Duration> {
        let ttl = self.terms.ttl?;
        Some(ttl.saturating_sub(contents.age()))
    }

    /// The command of a job; `None` for jobs that are not sent in a pipeline.
    fn command(&self, job: &Job) -> Option<redis::Cmd> {
        let all = Scripts::get();
        let (keyspace, maxsize) = (self.shard.keyspace(), self.shard.maxsize());
        match job {
            Job::Store {
                touches,
                digest,
                contents,
                known,
                ..
            } => {
                let member = member(digest);
                let invalidated = self.numbered.known(&member, known.invalidated);
                let value = scripts::Value {
                    touches,
                    digest,
                    envelope: contents.seal(&self.terms.seal, digest),
                    known: Known {
                        invalidated,
                        ..*known
                    },
                    left: self.left(contents),
                };
                Some(all.store(keyspace, maxsize, &value))
            }
            Job::Touch { touches } => Some(all.touch(keyspace, maxsize, touches)),
            Job::Heal { digest, found } => {
                Some(all.heal(keyspace, digest, found.as_ref().map(Bytes::as_ref)))
            }
            Job::Kept { .. } | Job::Invalidate { .. } | Job::Clear { .. } | Job::Flush { .. } => {
                None
            }
        }
    }
}
