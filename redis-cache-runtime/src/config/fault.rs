//! What is wrong with a URL, said without a word of it: it may hold a password.

/// What is wrong, and what to write.
pub(super) type Fault = &'static str;

pub(super) const SCHEME: Fault = "a URL begins with `redis://`, `rediss://` (over TLS), `redis+unix://`, or \
     `redis+sentinel://`; several servers of a cluster are written `redis://a:7000,redis://b:7000`";
pub(super) const TLS: Fault =
    "`rediss://` is not in this build: enable the feature `tls` of `redis-cache-runtime`";
pub(super) const ENCODING: Fault = "a user or password in it has to be percent-encoded: `@` as `%40`, `/` as `%2F`, `#` as `%23`, \
     `?` as `%3F`, `%` as `%25`";
const USER: Fault = "its user has no password: write `redis://user:password@host`, or `redis://:password@host` where \
     there is only a password";
pub(super) const HOST: Fault = "its host is missing: write `redis://host:6379`";
const IPV6: Fault = "an IPv6 address stands in brackets in it: write `redis://[::1]:6379`";
pub(super) const PORT: Fault = "its port is no number from 1 to 65535";
pub(super) const DB: Fault =
    "its path is no database number, 0 or more: write `redis://host:6379/0`, or no path";
const QUERY: Fault = "nothing may stand behind a `?` in it: the database is the path, as in `redis://host:6379/0`, and a \
     `?` in a password is written `%3F`";
pub(super) const SOCKET: Fault =
    "a socket is written `redis+unix:///path/to/redis.sock?db=0&user=…&pass=…`";
pub(super) const CLUSTER: Fault = "each server of a cluster is one over TCP, without a database number: a cluster has only \
     database 0";
pub(super) const MASTER: Fault = "it names no primary: write `redis+sentinel://a:26379,b:26379/NAME`, with the name that \
     the sentinels know it by";
pub(super) const SENTINEL: Fault =
    "behind the `?` only `sentinel_user=…` and `sentinel_password=…` may stand";
pub(super) const OTHER: Fault = "expected one like `redis://[user:password@]host[:port][/db]`";

/// What is wrong with the URL of one server, as far as can be told.
pub(super) fn find(url: &str, has_tls: bool) -> Result<(), Fault> {
    let (scheme, rest) = url.split_once("://").ok_or(SCHEME)?;
    match &*scheme.to_ascii_lowercase() {
        "redis" | "valkey" => {}
        "rediss" | "valkeys" if has_tls => {}
        "rediss" | "valkeys" => return Err(TLS),
        "redis+unix" | "valkey+unix" | "unix" => return Ok(()),
        _ => return Err(SCHEME),
    }
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if tail.contains('@') {
        return Err(ENCODING);
    }
    self::authority(authority)?;
    if tail.contains('?') {
        return Err(QUERY);
    }
    let path = tail.split('#').next().unwrap_or_default();
    let db = path.trim_matches('/');
    let is_number = || db.parse().is_ok_and(|db: i64| db >= 0);
    if db.is_empty() || is_number() {
        Ok(())
    } else {
        Err(DB)
    }
}

fn authority(authority: &str) -> Result<(), Fault> {
    let (user, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    if !user.is_empty() && !user.contains(':') {
        return Err(USER);
    }
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or(IPV6)?,
        None if place.matches(':').count() > 1 => return Err(IPV6),
        None => place.split_at(place.find(':').unwrap_or(place.len())),
    };
    if host.trim().is_empty() {
        return Err(HOST);
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok(()),
        Some("") => Ok(()),
        Some(port) if port.parse().is_ok_and(|port: u16| port > 0) => Ok(()),
        _ => Err(PORT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("redis://host", Ok(())),
            ("redis://:p%40ss@host:1/3", Ok(())),
            ("redis://:p@ss@host", Ok(())),
            ("redis://[::1]", Ok(())),
            ("redis+unix:///a/b?db=3", Ok(())),
            ("rediss://host", Ok(())),
            ("http://host", Err(SCHEME)),
            ("host:6379", Err(SCHEME)),
            ("", Err(SCHEME)),
            ("redis://:a/b@host", Err(ENCODING)),
            ("redis://:a#b@host", Err(ENCODING)),
            ("redis://:a?b@host", Err(ENCODING)),
            ("redis://u:a@b/c@host/0", Err(ENCODING)),
            ("redis://password@host", Err(USER)),
            ("redis://", Err(HOST)),
            ("redis://:6379", Err(HOST)),
            ("redis:///0", Err(HOST)),
            ("redis://u:p@/0", Err(HOST)),
            ("redis://::1", Err(IPV6)),
            ("redis://fe80::1:6379/0", Err(IPV6)),
            ("redis://[::1", Err(IPV6)),
            ("redis://host:port", Err(PORT)),
            ("redis://host:0", Err(PORT)),
            ("redis://host:65536", Err(PORT)),
            ("redis://[::1]6379", Err(PORT)),
            ("redis://host/cache", Err(DB)),
            ("redis://host/-1", Err(DB)),
            ("redis://host?db=3", Err(QUERY)),
        ];
        for (url, expected) in cases {
            assert_eq!(find(url, true), expected, "{url}");
        }
        assert_eq!(find("rediss://host", false), Err(TLS));
        assert_eq!(find("redis://host", false), Ok(()));
    }
}
