//! The steps of one call of an async method, in order.
//!
//! A future is `Send` if all is that it holds while it waits; the compiler checks that through all nested futures, but only to
//! a limited depth. So our parts are behind trait objects that say no more than `Send`, and no value of the handler lives
//! across an `await`: the call's future is `Send` where the body's is.

use std::{
    fmt,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use super::{
    Cache,
    call::{Call, Next, Step},
    session::Session,
    uncached::UncachedCall,
    work::Work,
};
use crate::{
    conn::{Allowance, Redis as _},
    flight::{Follower, Leader},
    key::{CallKey, Digest, KeyBuilder},
    outcome::{Failure, Lookup},
    process::{per_process::Belonging, stack::Deep},
    telemetry::metrics::Stopwatch,
    value::codec::Codec,
};

/// Runs a call of an async method. The body's future is made only if it has to run, and on the heap, so that the method's future
/// is hardly larger than its arguments. `again` writes the instance's identity and the version once more.
pub(crate) async fn call_async<R, F: Future<Output = R>>(
    by: CalledBy,
    key: CallKey,
    codec: Codec<R>,
    body: impl FnOnce() -> F,
    again: impl FnOnce(&mut KeyBuilder),
) -> R {
    let cache = match by {
        CalledBy::Cache(cache) => cache,
        CalledBy::Nobody(_call) => return Deep::new(body()).await,
    };
    let way = match begin(cache.get(), key, codec) {
        Ok(way) => way,
        Err(value) => return value,
    };
    let run = match way {
        Way::Ask(ask) => match ask.await {
            Some(Ok(run)) => run,
            Some(Err(value)) => return value,
            None => inherited(cache),
        },
        Way::Run(run) => run,
    };
    let mut running = Running {
        body: Deep::new(body()),
        run,
    };
    let value = (&mut running).await;
    let mut again = Some(again);
    running.run.finish(&value, &mut |key| {
        if let Some(again) = again.take() {
            again(key);
        }
    });
    value
}

/// A cache as a trait object: to see that a future with a cache in it is `Send`, the compiler need not look inside the cache.
pub(crate) trait OpenCache: fmt::Debug + Send + Sync {
    fn get(&'static self) -> &'static Cache;
}

impl OpenCache for Arc<Cache> {
    fn get(&'static self) -> &'static Cache {
        self
    }
}

/// The cache of a call, or its counters where there is no cache.
pub(crate) enum CalledBy {
    Cache(&'static dyn OpenCache),
    /// There is no cache; the call is counted all the same where there are counters.
    Nobody(Option<UncachedCall>),
}

/// The next step of a call that has no value yet.
enum Way<'r, R> {
    /// The call waits for a leader, or for Redis. In a child that is forked meanwhile no answer would ever come.
    Ask(Belonging<Pin<Box<dyn Future<Output = Asked<'r, R>> + Send + 'r>>>),
    /// The call runs the body.
    Run(Box<dyn Run<R> + 'r>),
}

/// The result of waiting: the run of the body, or a value.
type Asked<'r, R> = Result<Box<dyn Run<R> + 'r>, R>;

/// A run of the body, around its future.
trait Run<R>: Send {
    /// Polls the body through `poll`.
    fn poll(
        &self,
        context: &mut Context<'_>,
        poll: &mut dyn FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R>;

    /// Ends the run, after the body has returned `value`.
    fn finish(&mut self, value: &R, again: &mut dyn FnMut(&mut KeyBuilder));
}

/// The body's future, and its run, which is dropped after it.
struct Running<'r, R, F> {
    body: Deep<F>,
    run: Box<dyn Run<R> + 'r>,
}

impl<R, F: Future<Output = R>> Future for Running<'_, R, F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let Self { body, run } = self.get_mut();
        run.poll(context, &mut |context| Pin::new(&mut *body).poll(context))
    }
}

impl<R> Run<R> for Session<R> {
    fn poll(
        &self,
        context: &mut Context<'_>,
        poll: &mut dyn FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        self.poll(context, poll)
    }

    fn finish(&mut self, value: &R, again: &mut dyn FnMut(&mut KeyBuilder)) {
        self.finish(value, again);
    }
}

/// [`Next`] for a call that has no value yet, without the value's type.
enum Turn {
    Follow(Follower),
    Alone,
    Lead(Leader, Digest),
    AskAgain(Leader, Digest),
}

impl<R> Next<R> {
    /// The next step.
    ///
    /// # Errors
    ///
    /// The value, where there is one.
    fn turn(self) -> Result<Turn, R> {
        match self {
            Self::Done(value) => Err(value),
            Self::Alone => Ok(Turn::Alone),
            Self::Lead(leader, digest) => Ok(Turn::Lead(leader, digest)),
            Self::AskAgain(leader, digest) => Ok(Turn::AskAgain(leader, digest)),
        }
    }
}

fn inherited<'r, R: 'r>(cache: &'static dyn OpenCache) -> Box<dyn Run<R> + 'r> {
    Box::new(Session::inherited(cache.get()))
}

fn begin<'r, R: 'r>(cache: &'static Cache, key: CallKey, codec: Codec<R>) -> Result<Way<'r, R>, R> {
    if !cache.is_ours() {
        // Code of the arguments has forked the process.
        return Ok(Way::Run(Box::new(Session::inherited(cache))));
    }
    let mut call = Call::new(cache, key, codec);
    let turn = match call.join(true) {
        Step::Follow(leader) => Turn::Follow(leader),
        Step::Go(next) => next.turn()?,
    };
    Ok(match turn {
        Turn::Alone => Way::Run(Box::new(Session::begin(call, None))),
        turn => {
            let ask: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(ask(call, turn));
            Way::Ask(Belonging::new(cache.process.clone(), ask))
        }
    })
}

async fn ask<'r, R: 'r>(mut call: Call<R>, turn: Turn) -> Asked<'r, R> {
    let cache = call.cache();
    let turn = match turn {
        Turn::Follow(leader) => {
            let result = {
                let _waiting = cache.metrics().wait();
                leader.await
            };
            call.followed(result).turn()?
        }
        turn => turn,
    };
    let (Turn::Lead(leader, digest) | Turn::AskAgain(leader, digest)) = turn else {
        return Ok(Box::new(Session::begin(call, None)));
    };
    let (allowance, asked) = (cache.allowance(), Instant::now());
    let found = look_up(cache, &leader, &call.entry(&digest), allowance).await;
    let turn = call.looked_up(found, leader, digest).turn()?;
    let turn = match turn {
        Turn::AskAgain(leader, digest) => {
            let allowance = allowance.after(asked.elapsed());
            let found = look_up(cache, &leader, &call.entry(&digest), allowance).await;
            call.looked_up(found, leader, digest).turn()?
        }
        turn => turn,
    };
    let work = match turn {
        Turn::Lead(leader, digest) | Turn::AskAgain(leader, digest) => {
            Some(Work::begin(cache, leader, digest))
        }
        Turn::Alone | Turn::Follow(_) => None,
    };
    Ok(Box::new(Session::begin(call, work)))
}

async fn look_up(cache: &Cache, leader: &Leader, entry: &Digest, allowance: Allowance) -> Lookup {
    let shard = cache.shard(entry);
    let began = Stopwatch::start();
    let found = if shard.route().availability().takes_lookups() {
        let entry = shard.keyspace().entry(entry);
        let (news, route) = (shard.news(), shard.route());
        let lookup = pin!(route.lookup(&entry, news.as_ref(), allowance));
        leader.attend(lookup).await
    } else {
        Lookup::Failed(Failure::Unavailable)
    };
    cache.metrics().end_lookup(&began, &found);
    found
}
