//! The order of the steps of one call.

use std::{
    pin::{Pin, pin},
    time::Instant,
};

use super::{
    Cache,
    call::{Call, Next, Step, Work},
};
use crate::{
    codec::Codec,
    flight::{Follower, Leader},
    io::{Allowance, Failure, Lookup},
    key::{CallKey, Digest, KeyBuilder},
    lead,
    metrics::Stopwatch,
    stack::{self, Deep},
};

impl Cache {
    /// Runs a call of a blocking method.
    pub(crate) fn call<R>(
        &'static self,
        key: CallKey,
        codec: &Codec<R>,
        body: impl FnOnce() -> R,
        again: impl FnOnce(&mut KeyBuilder),
    ) -> R {
        let mut call = Call::new(self, key, codec);
        let next = match call.join(false) {
            Step::Follow(leader) => {
                let _waiting = self.metrics().wait();
                call.landed(leader.recv())
            }
            Step::Go(next) => next,
        };
        let (leader, digest) = match next {
            Next::Done(value) => return value,
            Next::Alone => return self.metrics().time(|| stack::with_room(body)),
            Next::Lead(leader, digest) | Next::AskAgain(leader, digest) => (leader, digest),
        };
        let (allowance, asked) = (self.allowance(), Instant::now());
        let found = self.look_up_blocking(&call.entry(&digest), allowance);
        let next = match call.looked_up(found, leader, digest) {
            Next::AskAgain(leader, digest) => {
                let found =
                    self.look_up_blocking(&call.entry(&digest), allowance.after(asked.elapsed()));
                call.looked_up(found, leader, digest)
            }
            next => next,
        };
        match next {
            Next::Done(value) => value,
            Next::Alone => self.metrics().time(|| stack::with_room(body)),
            Next::Lead(leader, digest) | Next::AskAgain(leader, digest) => {
                let work = Work::begin(self, leader, digest);
                let value = self.metrics().time(|| lead::run(body));
                call.computed(&value, work, again);
                value
            }
        }
    }

    fn look_up_blocking(&self, entry: &Digest, allowance: Allowance) -> Lookup {
        let shard = self.shard(entry);
        let began = Stopwatch::start();
        let found = if shard.home().refuses() {
            Lookup::Failed(Failure::Unavailable)
        } else {
            let entry = shard.names().entry(entry);
            let news = shard.news();
            let home = shard.home();
            home.lookup_blocking(&entry, news.as_ref(), allowance)
        };
        self.metrics().end_lookup(&began, &found);
        found
    }

    /// On the heap, as a future of which only `Send` is known: the compiler does not ask what all it is made of.
    fn look_up<'l>(
        &'l self,
        leader: &'l Leader,
        entry: &'l Digest,
        allowance: Allowance,
    ) -> Pin<Box<dyn Future<Output = Lookup> + Send + 'l>> {
        Box::pin(async move {
            let shard = self.shard(entry);
            let began = Stopwatch::start();
            let found = if shard.home().refuses() {
                Lookup::Failed(Failure::Unavailable)
            } else {
                let entry = shard.names().entry(entry);
                let (news, home) = (shard.news(), shard.home());
                let lookup = pin!(home.lookup(&entry, news.as_ref(), allowance));
                leader.attend(lookup).await
            };
            self.metrics().end_lookup(&began, &found);
            found
        })
    }

    /// Runs a call of an async method, whose body begins only if it has to run.
    ///
    /// No value lives across an `await`: where the body's own future is `Send`, this one is, whatever the value is. The body is
    /// on the heap, so that a method's future is hardly larger than its arguments; so is the look-up.
    pub(crate) async fn call_async<R, F: Future<Output = R>>(
        &'static self,
        key: CallKey,
        codec: Codec<R>,
        body: impl FnOnce() -> F,
        again: impl FnOnce(&mut KeyBuilder),
    ) -> R {
        let mut call = Call::new(self, key, &codec);
        let turn = match call.join(true) {
            Step::Follow(leader) => Turn::Follow(leader),
            Step::Go(next) => match next.turn() {
                Ok(turn) => turn,
                Err(value) => return value,
            },
        };
        let turn = match turn {
            Turn::Follow(leader) => {
                let landing = {
                    let _waiting = self.metrics().wait();
                    leader.await
                };
                match call.landed(landing).turn() {
                    Ok(turn) => turn,
                    Err(value) => return value,
                }
            }
            turn => turn,
        };
        let (Turn::Lead(leader, digest) | Turn::AskAgain(leader, digest)) = turn else {
            return self.metrics().time_async(Deep::new(body())).await;
        };
        let (allowance, asked) = (self.allowance(), Instant::now());
        let entry = call.entry(&digest);
        let found = self.look_up(&leader, &entry, allowance).await;
        let turn = match call.looked_up(found, leader, digest).turn() {
            Ok(turn) => turn,
            Err(value) => return value,
        };
        let turn = match turn {
            Turn::AskAgain(leader, digest) => {
                let entry = call.entry(&digest);
                let found = self
                    .look_up(&leader, &entry, allowance.after(asked.elapsed()))
                    .await;
                match call.looked_up(found, leader, digest).turn() {
                    Ok(turn) => turn,
                    Err(value) => return value,
                }
            }
            turn => turn,
        };
        let mut body = Deep::new(body());
        let (Turn::Lead(leader, digest) | Turn::AskAgain(leader, digest)) = turn else {
            return self.metrics().time_async(body).await;
        };
        let work = Work::begin(self, leader, digest);
        let body = lead::run_async(&mut body);
        let body = pin!(self.metrics().time_async(body));
        let value = work.leader.attend(body).await;
        call.computed(&value, work, again);
        value
    }
}

/// What a call does next that has no value yet.
enum Turn {
    Follow(Follower),
    Alone,
    Lead(Leader, Digest),
    AskAgain(Leader, Digest),
}

impl<R> Next<R> {
    /// What is left to do.
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
