//! A model of Redis and the scripts, for tests of the code around them: no `maxsize`, no TTL, no keys of other programs. The
//! scripts themselves are tested with real servers.

use std::collections::BTreeMap;

use redis::Value;

use super::{Keyspace, Scripts, keyspace::MEMBER};
use crate::{
    conn::fake::{Command, Reply, line},
    key::Digest,
};

/// One shard as Redis has it: its entries, its latest clear, and its invalidations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// Whether the server has forgotten the scripts, as after a restart.
    pub(crate) is_new: bool,
    pub(crate) entries: BTreeMap<String, Vec<u8>>,
    /// All touched members, in the order in which they came.
    pub(crate) touched: Vec<Vec<u8>>,
    generation: String,
    base: String,
    number: i64,
    /// The number of the latest invalidation of each member.
    tombstones: BTreeMap<Vec<u8>, i64>,
}

impl Model {
    /// The bytes of the entry of `digest`.
    pub(crate) fn entry(&self, keyspace: &Keyspace, digest: &Digest) -> Option<&[u8]> {
        self.entries.get(&keyspace.entry(digest)).map(Vec::as_slice)
    }

    /// Runs the commands in order, and answers each.
    pub(crate) fn serve(&mut self, commands: &[Command]) -> Reply {
        Reply::Answers(
            commands
                .iter()
                .map(|command| self.answer(command))
                .collect(),
        )
    }

    /// Runs one command.
    pub(crate) fn answer(&mut self, command: &Command) -> Value {
        match &*command[0] {
            b"GET" => match self.entries.get(&text(&command[1])) {
                Some(entry) => bulk(entry),
                None => Value::Nil,
            },
            b"HMGET" => Value::Array(vec![
                bulk(&self.generation),
                bulk(&self.base),
                bulk(self.number.to_string()),
            ]),
            b"SCRIPT" => {
                self.is_new = false;
                bulk("loaded")
            }
            b"EVALSHA" if self.is_new => line("-NOSCRIPT No matching script"),
            b"EVALSHA" => self.script(command),
            other => panic!("{:?}", String::from_utf8_lossy(other)),
        }
    }

    fn script(&mut self, command: &Command) -> Value {
        let count: usize = text(&command[2]).parse().unwrap();
        let (keys, arguments) = command[3..].split_at(count);
        match Scripts::get().name(&command[1]) {
            Some("apply") => self.apply(keys, arguments),
            Some("heal") => {
                let entry = text(&keys[1]);
                let is_found = match arguments.get(1) {
                    Some(found) => self.entries.get(&entry) == Some(found),
                    None => false,
                };
                if is_found {
                    self.entries.remove(&entry);
                }
                Value::Int(is_found.into())
            }
            Some("invalidate") => self.invalidate(keys, arguments),
            Some("clear") => {
                if arguments[1].is_empty() {
                    let has = [&self.generation, &self.base, &self.number.to_string()];
                    let is_known = (3..6).all(|of| *has[of - 3] == text(&arguments[of]));
                    self.generation = text(&arguments[if is_known { 6 } else { 7 }]);
                    self.base.clear();
                    self.number = 0;
                    self.tombstones.clear();
                }
                let deleted = i64::try_from(self.entries.len()).unwrap();
                self.entries.clear();
                Value::Array(vec![
                    bulk("1"),
                    Value::Int(deleted),
                    Value::Int(0),
                    bulk(&self.generation),
                ])
            }
            Some("count") => {
                let seen = i64::try_from(self.entries.len()).unwrap();
                Value::Array(vec![Value::Int(seen), Value::Int(0), Value::Int(0)])
            }
            _ => line("-NOSCRIPT No matching script"),
        }
    }

    fn apply(&mut self, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Value {
        self.touched
            .extend(arguments[2].chunks(MEMBER).map(<[u8]>::to_vec));
        let mut refused = false;
        if let [_, _, _, member, envelope, generation, base, number, ..] = arguments {
            let number: i64 = text(number).parse().unwrap();
            let tombstone = self.tombstones.get(member).copied().unwrap_or(0);
            let base = text(base);
            let is_of_others = !base.is_empty() && base != self.base;
            refused = !self.generation.is_empty() && text(generation) != self.generation
                || !self.base.is_empty() && (is_of_others || number < tombstone);
            if !refused {
                self.entries.insert(text(&keys[2]), envelope.clone());
            }
        }
        Value::Array(vec![
            Value::Int(if refused { -1 } else { 0 }),
            bulk(&self.generation),
            bulk(&self.base),
            Value::Int(self.number),
        ])
    }

    fn invalidate(&mut self, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Value {
        let deleted = self.entries.remove(&text(&keys[2])).is_some();
        if self.base.is_empty() {
            self.base = text(&arguments[1]);
        }
        let before = self.tombstones.get(&arguments[0]).copied().unwrap_or(0);
        self.number += 1;
        self.tombstones.insert(arguments[0].clone(), self.number);
        Value::Array(vec![
            Value::Int(deleted.into()),
            bulk(&self.base),
            Value::Int(self.number),
            Value::Int(before),
        ])
    }
}

fn text(word: &[u8]) -> String {
    String::from_utf8(word.to_vec()).unwrap()
}

fn bulk(text: impl AsRef<[u8]>) -> Value {
    Value::BulkString(text.as_ref().to_vec())
}
