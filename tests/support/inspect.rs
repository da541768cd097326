//! A look into a Redis, past the cache.

use std::collections::BTreeMap;

use redis::Connection;

use crate::administrator::Nodes;
use crate::tag::{self, tags};

/// Runs a command, which has to succeed, on one server.
#[track_caller]
pub fn run(connection: &mut Connection, words: &[&str]) {
    let (name, arguments) = words.split_first().expect("a command has a name");
    redis::cmd(name)
        .arg(arguments)
        .exec(connection)
        .unwrap_or_else(|error| panic!("{words:?}: {error}"));
}

/// Returns the keys of the entries of the cache `name`, of all its shards, sorted.
pub fn cache_keys(connection: &mut impl Nodes, name: &str) -> Vec<String> {
    let mut keys = keys(connection, name);
    keys.retain(|key| tag::rest(key).is_some_and(|rest| rest.starts_with("v:")));
    keys
}

/// Returns how many entries each shard of the cache `name` has.
pub fn cache_sizes(connection: &mut impl Nodes, name: &str, shards: u16) -> Vec<usize> {
    let keys = cache_keys(connection, name);
    let size = |tag: &String| {
        let is_here = |key: &&String| tag::of(key) == Some(tag);
        keys.iter().filter(is_here).count()
    };
    tags(name, shards).iter().map(size).collect()
}

/// Deletes all that the cache `name` has.
pub fn forget(connection: &mut impl Nodes, name: &str) {
    for key in keys(connection, name) {
        for node in connection.nodes() {
            // The other servers of a cluster refuse it.
            _ = redis::cmd("DEL").arg(&key).exec(node);
        }
    }
}

/// The keys of the cache `name`, sorted.
fn keys(connection: &mut impl Nodes, name: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for node in connection.nodes() {
        let found: Vec<String> = redis::cmd("KEYS")
            .arg(format!("hc:{{{}*", escape(name)))
            .query(node)
            .expect("the server lists its keys");
        keys.extend(found);
    }
    keys.retain(|key| tag::of(key).is_some_and(|tag| tag::is_of(tag, name)));
    keys.sort_unstable();
    keys
}

/// A pattern for a name.
fn escape(name: &str) -> String {
    let mut pattern = String::new();
    for c in name.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '^' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Returns how often each command ran since the servers started or `CONFIG RESETSTAT`; the names
/// are in lower case, as in `get` or `config|get`.
pub fn commandstats(connection: &mut impl Nodes) -> BTreeMap<String, u64> {
    let mut sum = BTreeMap::new();
    for node in connection.nodes() {
        for (field, value) in server_info(node, "commandstats") {
            let Some(name) = field.strip_prefix("cmdstat_") else {
                continue;
            };
            let calls = value.strip_prefix("calls=").and_then(|value| {
                let (calls, _) = value.split_once(',')?;
                calls.parse::<u64>().ok()
            });
            *sum.entry(name.to_owned()).or_default() += calls.unwrap_or(0);
        }
    }
    sum
}

/// Returns how many clients are connected, `connection` among them.
pub fn clients(connection: &mut impl Nodes) -> usize {
    let clients = |node: &mut Connection| -> usize {
        server_info(node, "clients")["connected_clients"]
            .parse()
            .expect("`connected_clients` is a number")
    };
    connection.nodes().iter_mut().map(clients).sum()
}

/// Returns the fields of one section of `INFO` of one server.
pub fn server_info(connection: &mut Connection, section: &str) -> BTreeMap<String, String> {
    let text: String = redis::cmd("INFO")
        .arg(section)
        .query(connection)
        .expect("the server answers `INFO`");
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(field, value)| (field.to_owned(), value.to_owned()))
        .collect()
}
