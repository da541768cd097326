//! The Lua scripts of the store, and the commands that call them.

use std::{sync::Arc, time::Duration};

use redis::Cmd;

use super::{
    Keyspace,
    epoch::{Clear, Known, hexadecimal},
    keyspace::{Member, member},
};
use crate::{
    config::MaxSize,
    key::Digest,
    limits::TOMBSTONES,
    process::{jitter, per_process::PerProcess},
    value::envelope::Sealed,
};

/// How many entries one call of `clear.lua` or `count.lua` takes: about a millisecond of Redis' time.
pub(crate) const CHUNK: u64 = 256;

/// The scripts of the store. They carry no `#!lua` header: with one, Redis refuses them on replicas and when it is out of
/// memory, even where they would write nothing.
#[derive(Debug)]
pub(crate) struct Scripts {
    apply: Lua,
    heal: Lua,
    invalidate: Lua,
    clear: Lua,
    count: Lua,
}

/// A value to be stored, and the touches that go along.
#[derive(Debug)]
pub(crate) struct Value<'a> {
    pub(crate) touches: &'a [Member],
    pub(crate) digest: &'a Digest,
    pub(crate) envelope: Sealed<'a>,
    /// The clears and invalidations that were known when the body began.
    pub(crate) known: Known,
    /// How long the value is valid from now on; `None`: for ever.
    pub(crate) left: Option<Duration>,
}

/// One script and the hash that Redis knows it by.
#[derive(Debug)]
struct Lua {
    code: &'static str,
    hash: String,
}

impl Lua {
    fn new(code: &'static str) -> Self {
        Self {
            code,
            hash: redis::Script::new(code).get_hash().to_owned(),
        }
    }

    fn call(&self, keys: &[&str]) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.hash).arg(keys.len()).arg(keys);
        command
    }
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            apply: Lua::new(include_str!("apply.lua")),
            heal: Lua::new(include_str!("heal.lua")),
            invalidate: Lua::new(include_str!("invalidate.lua")),
            clear: Lua::new(include_str!("clear.lua")),
            count: Lua::new(include_str!("count.lua")),
        }
    }
}

impl Scripts {
    pub(crate) fn get() -> &'static Self {
        // A child that is forked while another thread makes the scripts must not wait for that thread.
        static SCRIPTS: PerProcess<Scripts> = PerProcess::new();
        SCRIPTS.get()
    }

    /// The name of a script.
    #[cfg(test)]
    pub(crate) fn name(&self, hash: &[u8]) -> Option<&'static str> {
        let scripts = [
            (&self.apply, "apply"),
            (&self.heal, "heal"),
            (&self.invalidate, "invalidate"),
            (&self.clear, "clear"),
            (&self.count, "count"),
        ];
        let named = scripts
            .into_iter()
            .find(|(script, _)| script.hash.as_bytes() == hash);
        named.map(|(_, name)| name)
    }

    /// The commands of [`Scripts::load`], for a new connection.
    pub(crate) fn greeting(&self) -> Arc<[Cmd]> {
        self.load().cmd_iter().cloned().collect()
    }

    /// The commands that make the scripts known to a server.
    pub(crate) fn load(&self) -> redis::Pipeline {
        let mut pipeline = redis::Pipeline::new();
        let scripts = [
            &self.apply,
            &self.heal,
            &self.invalidate,
            &self.clear,
            &self.count,
        ];
        for script in scripts {
            pipeline.cmd("SCRIPT").arg("LOAD").arg(script.code);
        }
        pipeline
    }

    /// Applies touches.
    pub(crate) fn touch(&self, keyspace: &Keyspace, maxsize: MaxSize, touches: &[Member]) -> Cmd {
        let mut command = self.apply.call(&[&keyspace.recency, &keyspace.meta]);
        command
            .arg(bound(maxsize))
            .arg(&keyspace.prefix)
            .arg(touches.as_flattened());
        command
    }

    /// Applies touches, makes room, and stores.
    pub(crate) fn store(&self, keyspace: &Keyspace, maxsize: MaxSize, value: &Value<'_>) -> Cmd {
        let Value {
            touches,
            digest,
            envelope,
            known,
            left,
        } = value;
        let entry = keyspace.entry(digest);
        let keys = [
            &*keyspace.recency,
            &*keyspace.meta,
            &*entry,
            &*keyspace.tombstones,
        ];
        let mut command = self.apply.call(&keys);
        command
            .arg(bound(maxsize))
            .arg(&keyspace.prefix)
            .arg(touches.as_flattened())
            .arg(&member(digest))
            .arg(envelope)
            .arg(known.generation.to_text())
            .arg(known.invalidated.base_text())
            .arg(known.invalidated.number);
        if let Some(left) = left {
            let left = u64::try_from(jittered(*left).as_millis()).unwrap_or(u64::MAX);
            command.arg(left.max(1));
        }
        command
    }

    /// Deletes an entry whose bytes are `found` and not a value; without `found`, one that is not a string.
    pub(crate) fn heal(&self, keyspace: &Keyspace, digest: &Digest, found: Option<&[u8]>) -> Cmd {
        let mut command = self
            .heal
            .call(&[&keyspace.recency, &keyspace.entry(digest)]);
        command.arg(&member(digest));
        if let Some(found) = found {
            command.arg(found);
        }
        command
    }

    /// Deletes one entry, and refuses the values of bodies that run now, in any process.
    pub(crate) fn invalidate(&self, keyspace: &Keyspace, digest: &Digest) -> Cmd {
        let entry = keyspace.entry(digest);
        let keys = [
            &keyspace.recency,
            &keyspace.meta,
            &entry,
            &keyspace.tombstones,
        ];
        let mut command = self.invalidate.call(&keys.map(String::as_str));
        command
            .arg(&member(digest))
            .arg(hexadecimal(jitter::nonce()))
            .arg(TOMBSTONES);
        command
    }

    /// Deletes up to [`CHUNK`] of the entries last used up to `moment`, which is empty in the first call: its answer tells it.
    pub(crate) fn clear(&self, keyspace: &Keyspace, moment: &str, clear: &Clear) -> Cmd {
        let keys = [&keyspace.recency, &keyspace.meta, &keyspace.tombstones];
        let mut command = self.clear.call(&keys.map(String::as_str));
        command
            .arg(&keyspace.prefix)
            .arg(moment)
            .arg(CHUNK)
            .arg(clear.known.generation.to_text())
            .arg(clear.known.invalidated.base_text())
            .arg(clear.known.invalidated.number)
            .arg(clear.generation.to_text())
            .arg(clear.otherwise.to_text());
        command
    }

    /// Counts up to [`CHUNK`] entries from `rank` on.
    pub(crate) fn count(&self, keyspace: &Keyspace, rank: u64) -> Cmd {
        let mut command = self.count.call(&[&keyspace.recency]);
        command.arg(&keyspace.prefix).arg(rank).arg(CHUNK);
        command
    }
}

fn bound(maxsize: MaxSize) -> i64 {
    maxsize
        .entries()
        .map_or(-1, |entries| i64::try_from(entries).unwrap_or(i64::MAX))
}

/// Up to a tenth less, so that values that were stored together do not expire together.
fn jittered(left: Duration) -> Duration {
    left.mul_f64(1.0 - jitter::random() / 10.0)
}
