//! A look into a server, past the cache.

use std::collections::BTreeMap;

use redis::Connection;

/// Returns the keys of the entries of the cache `name`, sorted.
pub fn cache_keys(connection: &mut Connection, name: &str) -> Vec<String> {
    let prefix = format!("hc:{{{name}}}:v:");
    let mut keys: Vec<String> = redis::cmd("KEYS")
        .arg("hc:*")
        .query(connection)
        .expect("the server lists its keys");
    keys.retain(|key| key.starts_with(&prefix));
    keys.sort_unstable();
    keys
}

/// Returns how often each command ran since the server started or `CONFIG RESETSTAT`; the names
/// are in lower case, as in `get` or `config|get`.
pub fn commandstats(connection: &mut Connection) -> BTreeMap<String, u64> {
    info(connection, "commandstats")
        .into_iter()
        .filter_map(|(field, value)| {
            let name = field.strip_prefix("cmdstat_")?.to_owned();
            let (calls, _) = value.strip_prefix("calls=")?.split_once(',')?;
            Some((name, calls.parse().ok()?))
        })
        .collect()
}

/// Returns how many clients are connected, `connection` among them.
pub fn clients(connection: &mut Connection) -> usize {
    info(connection, "clients")["connected_clients"]
        .parse()
        .expect("`connected_clients` is a number")
}

/// Returns the fields of one section of `INFO`.
pub fn info(connection: &mut Connection, section: &str) -> BTreeMap<String, String> {
    let text: String = redis::cmd("INFO")
        .arg(section)
        .query(connection)
        .expect("the server answers `INFO`");
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(field, value)| (field.to_owned(), value.to_owned()))
        .collect()
}
