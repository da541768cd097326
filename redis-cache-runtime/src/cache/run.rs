//! The order of the steps of one call.

use std::pin::{Pin, pin};

use super::{
    Cache,
    call::{Call, Next, Step, Work},
};
use crate::{
    codec::Codec,
    io::{Failure, Lookup},
    key::CallKey,
    lead,
    metrics::Stopwatch,
};

impl Cache {
    /// Runs a call of a blocking method.
    pub(crate) fn call<R>(
        &'static self,
        key: CallKey,
        codec: &Codec<R>,
        body: impl FnOnce() -> R,
    ) -> R {
        let mut call = Call::new(self, key, codec);
        let next = match call.join() {
            Step::Follow(leader) => {
                let _waiting = self.metrics().wait();
                call.landed(leader.recv().ok())
            }
            Step::Go(next) => next,
        };
        let (leader, digest) = match next {
            Next::Done(value) => return value,
            Next::Alone => return self.metrics().time(body),
            Next::Lead(leader, digest) => (leader, digest),
        };
        leader.attended();
        let shard = self.shard(&digest);
        let began = Stopwatch::start();
        let found = if shard.home().refuses() {
            Lookup::Failed(Failure::Unavailable)
        } else {
            let entry = shard.names().entry(&digest);
            shard.home().lookup_blocking(&entry, self.allowance())
        };
        self.metrics().end_lookup(&began, &found);
        match call.looked_up(found, leader, digest) {
            Next::Done(value) => value,
            Next::Alone => self.metrics().time(body),
            Next::Lead(leader, digest) => {
                let work = Work::begin(self, leader, digest);
                let value = self.metrics().time(|| lead::run(digest, body));
                call.computed(&value, work);
                value
            }
        }
    }

    /// Runs a call of an async method.
    pub(crate) async fn call_async<R>(
        &'static self,
        key: CallKey,
        codec: Codec<R>,
        body: Pin<&mut impl Future<Output = R>>,
    ) -> R {
        let mut call = Call::new(self, key, &codec);
        let next = match call.join() {
            Step::Follow(leader) => {
                let _waiting = self.metrics().wait();
                call.landed(leader.await.ok())
            }
            Step::Go(next) => next,
        };
        let (leader, digest) = match next {
            Next::Done(value) => return value,
            Next::Alone => return self.metrics().time_async(body).await,
            Next::Lead(leader, digest) => (leader, digest),
        };
        let shard = self.shard(&digest);
        let began = Stopwatch::start();
        let found = if shard.home().refuses() {
            Lookup::Failed(Failure::Unavailable)
        } else {
            let entry = shard.names().entry(&digest);
            // On the heap, so that a method's future is hardly larger than its body's.
            let mut lookup = Box::pin(shard.home().lookup(&entry, self.allowance()));
            leader.attend(lookup.as_mut()).await
        };
        self.metrics().end_lookup(&began, &found);
        match call.looked_up(found, leader, digest) {
            Next::Done(value) => value,
            Next::Alone => self.metrics().time_async(body).await,
            Next::Lead(leader, digest) => {
                let work = Work::begin(self, leader, digest);
                let body = lead::run_async(digest, body);
                let body = pin!(self.metrics().time_async(body));
                let value = work.leader.attend(body).await;
                call.computed(&value, work);
                value
            }
        }
    }
}
