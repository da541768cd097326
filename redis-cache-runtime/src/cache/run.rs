//! The steps of one call of a blocking method, in order.

use std::time::Instant;

use super::{
    Cache,
    call::{Call, Next, Step},
    session::Session,
    work::Work,
};
use crate::{
    conn::{Allowance, Redis as _},
    key::{CallKey, Digest, KeyBuilder},
    outcome::{Failure, Lookup},
    telemetry::metrics::Stopwatch,
    value::codec::Codec,
};

impl Cache {
    /// Runs a call of a blocking method.
    pub(crate) fn call<R>(
        &'static self,
        key: CallKey,
        codec: Codec<R>,
        body: impl FnOnce() -> R,
        again: impl FnOnce(&mut KeyBuilder),
    ) -> R {
        if !self.is_ours() {
            // Code of the arguments has forked the process.
            return Session::inherited(self).run(body, again);
        }
        let mut call = Call::new(self, key, codec);
        let next = match call.join(false) {
            Step::Follow(leader) => {
                let _waiting = self.metrics().wait();
                call.followed(leader.recv())
            }
            Step::Go(next) => next,
        };
        let (leader, digest) = match next {
            Next::Done(value) => return value,
            Next::Alone => return Session::begin(call, None).run(body, again),
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
            Next::Alone => Session::begin(call, None).run(body, again),
            Next::Lead(leader, digest) | Next::AskAgain(leader, digest) => {
                let work = Work::begin(self, leader, digest);
                Session::begin(call, Some(work)).run(body, again)
            }
        }
    }

    fn look_up_blocking(&self, entry: &Digest, allowance: Allowance) -> Lookup {
        let shard = self.shard(entry);
        let began = Stopwatch::start();
        let found = if shard.route().availability().takes_lookups() {
            let entry = shard.keyspace().entry(entry);
            let news = shard.news();
            let route = shard.route();
            route.lookup_blocking(&entry, news.as_ref(), allowance)
        } else {
            Lookup::Failed(Failure::Unavailable)
        };
        self.metrics().end_lookup(&began, &found);
        found
    }
}
