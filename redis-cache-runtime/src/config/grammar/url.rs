//! URLs of servers, clusters and sentinels.

#[cfg(test)]
mod tests;

use std::net::Ipv6Addr;

/// How a URL is wrong, and what to write. It shows nothing of the URL, which may hold a password.
pub(crate) type Fault = &'static str;

pub(crate) const SCHEME: Fault = "a URL begins with `redis://`, `rediss://` (over TLS), `redis+unix://`, or \
     `redis+sentinel://`; several servers of a cluster are written `redis://a:7000,redis://b:7000`";
const CONTROL: Fault = "it has a control character in it, such as a tab or the end of a line";
const ENCODING: Fault = "a user or password in it has to be percent-encoded: `@` as `%40`, `/` as `%2F`, `#` as `%23`, \
     `?` as `%3F`, `%` as `%25`";
const USER: Fault = "its user has no password: write `redis://user:password@host`, or `redis://:password@host` where \
     there is only a password";
const HOST: Fault = "its host is missing: write `redis://host:6379`";
const NAME: Fault =
    "its host is neither a name nor an address: a space, or one of `<>[]\\^|`, stands in no name";
const IPV6: Fault = "an IPv6 address stands in brackets in it: write `redis://[::1]:6379`";
const BRACKETS: Fault = "what stands in its brackets is no IPv6 address: write `redis://[::1]:6379`, or a name without brackets";
const ZONE: Fault =
    "an IPv6 address in it can't have a zone (`%eth0`): write a name, or an address without one";
const ANY: Fault = "`0.0.0.0` and `[::]` are addresses to listen at: write `127.0.0.1` or `[::1]` for this machine";
const PORT: Fault = "its port is no number from 1 to 65535";
const COLONS: Fault = "behind its host stands more than one `:`: write `redis://host:6379`";
const DB: Fault =
    "its path is no database number, 0 or more: write `redis://host:6379/0`, or no path";
const QUERY: Fault = "nothing may stand behind a `?` in it: the database is the path, as in `redis://host:6379/0`, and a \
     `?` in a password is written `%3F`";
const FRAGMENT: Fault =
    "behind a `#` in it only `insecure` may stand, and a `#` in a password is written `%23`";
const SOCKET: Fault = "a socket is written `redis+unix:///path/to/redis.sock?db=0&user=…&pass=…`";
const SOCKET_DB: Fault = "the `db` of its socket is no database number, 0 or more";
const SOCKET_QUERY: Fault =
    "behind the `?` of a socket only `db=…`, `user=…` and `pass=…` may stand";
const SCHEMES: Fault =
    "its servers have no scheme each: a cluster is written `redis://a:7000,redis://b:7000`";
const CLUSTER: Fault = "each server of a cluster is one over TCP, without a database number: a cluster has only \
     database 0";
const MASTER: Fault = "it names no primary: write `redis+sentinel://a:26379,b:26379/NAME`, with the name that \
     the sentinels know it by";
const SENTINEL: Fault = "behind the `?` only `sentinel_user=…` and `sentinel_password=…` may stand, a user not without a password";

/// A URL that is right, split into those of its servers.
pub(crate) enum Endpoint<'u> {
    Server(&'u str),
    /// Some servers of a cluster.
    Cluster(Vec<&'u str>),
    Sentinel {
        sentinels: Vec<String>,
        /// The name under which the sentinels watch the primary.
        master: &'u str,
        /// The primary, at an address that is not known yet.
        server: String,
        /// The sentinels' own user and password: names and values of a query.
        login: &'u str,
    },
}

/// Checks a URL and splits it.
///
/// # Errors
///
/// The end of a sentence that begins with the name of the setting.
pub(crate) fn split(url: &str) -> Result<Endpoint<'_>, Fault> {
    let url = url.trim();
    match url.split_once("+sentinel://") {
        Some((scheme @ ("redis" | "rediss"), rest)) => sentinel(scheme, rest),
        Some(_) => Err(SCHEME),
        None => servers(url),
    }
}

fn servers(url: &str) -> Result<Endpoint<'_>, Fault> {
    let urls = at_commas(url);
    let kinds: Vec<_> = urls
        .iter()
        .map(|url| server(url))
        .collect::<Result<_, _>>()?;
    match urls[..] {
        [only] => Ok(Endpoint::Server(only)),
        _ if kinds.contains(&Kind::Other) => Err(CLUSTER),
        _ => Ok(Endpoint::Cluster(urls)),
    }
}

/// Splits at commas before a scheme: a password may have one as well.
fn at_commas(url: &str) -> Vec<&str> {
    let is_url = |text: &str| {
        let scheme = text.trim_start().split_once("://");
        scheme.is_some_and(|(scheme, _)| {
            scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '+')
        })
    };
    let mut urls = Vec::new();
    let mut start = 0;
    for (at, _) in url.match_indices(',') {
        if is_url(&url[at + 1..]) {
            urls.push(url[start..at].trim());
            start = at + 1;
        }
    }
    urls.push(url[start..].trim());
    urls
}

#[derive(PartialEq)]
enum Kind {
    /// One that may be in a cluster.
    ClusterNode,
    /// A socket, or one with a database number.
    Other,
}

/// Checks the URL of one server.
fn server(url: &str) -> Result<Kind, Fault> {
    // The library leaves tabs and ends of lines out.
    if url.contains(char::is_control) {
        return Err(CONTROL);
    }
    let (scheme, rest) = url.split_once("://").ok_or(SCHEME)?;
    match &*scheme.to_ascii_lowercase() {
        "redis" | "valkey" | "rediss" | "valkeys" => tcp(rest),
        "redis+unix" | "valkey+unix" | "unix" => socket(rest),
        _ => Err(SCHEME),
    }
}

fn tcp(rest: &str) -> Result<Kind, Fault> {
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if tail.contains('@') {
        return Err(ENCODING);
    }
    let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    self::login(login)?;
    self::place(place)?;
    if tail.contains('?') {
        return Err(QUERY);
    }
    let (path, fragment) = tail.split_once('#').unwrap_or((tail, "insecure"));
    if fragment != "insecure" {
        return Err(FRAGMENT);
    }
    match path.trim_matches('/') {
        "" => Ok(Kind::ClusterNode),
        db if is_db(db) => Ok(if db.bytes().all(|digit| digit == b'0') {
            Kind::ClusterNode
        } else {
            Kind::Other
        }),
        _ => Err(DB),
    }
}

/// `user:password`
fn login(login: &str) -> Result<(), Fault> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    // Without a password the library would log in nobody.
    if !user.is_empty() && password.is_empty() {
        return Err(USER);
    }
    let decodes = [user, password].map(|text| std::str::from_utf8(&decoded(text)).is_ok());
    if decodes == [true; 2] {
        Ok(())
    } else {
        Err(ENCODING)
    }
}

/// Replaces `%2F` and the like; a `%` without two digits stays.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let byte = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    bytes
}

/// `host:port`
fn place(place: &str) -> Result<(), Fault> {
    if place.contains(',') {
        return Err(SCHEMES);
    }
    let port = match place.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or(IPV6)?;
            if address.contains('%') {
                return Err(ZONE);
            }
            let address: Ipv6Addr = address.parse().map_err(|_| BRACKETS)?;
            if address.is_unspecified() {
                return Err(ANY);
            }
            port
        }
        None if is_bare_ipv6(place) => return Err(IPV6),
        None if place.matches(':').count() > 1 => return Err(COLONS),
        None => {
            let (host, port) = place.split_at(place.find(':').unwrap_or(place.len()));
            if host.is_empty() {
                return Err(HOST);
            }
            if host.contains([' ', '<', '>', '[', '\\', ']', '^', '|']) {
                return Err(NAME);
            }
            if host == "0.0.0.0" {
                return Err(ANY);
            }
            port
        }
    };
    let is_port = |port: &str| is_number(port) && port.parse().is_ok_and(|port: u16| port > 0);
    if port.is_empty() || port.strip_prefix(':').is_some_and(is_port) {
        Ok(())
    } else {
        Err(PORT)
    }
}

/// An IPv6 address without brackets, with a zone, a port, or neither.
fn is_bare_ipv6(place: &str) -> bool {
    let before = |at| place.rsplit_once(at).map_or(place, |(before, _)| before);
    [place, before(':'), before('%')]
        .iter()
        .any(|text| text.parse::<Ipv6Addr>().is_ok())
}

fn socket(rest: &str) -> Result<Kind, Fault> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if rest.contains('#') {
        return Err(ENCODING);
    }
    if !path.starts_with('/') || path.ends_with('/') {
        return Err(SOCKET);
    }
    for (name, value) in pairs(query) {
        match name {
            "db" if !is_db(value) => return Err(SOCKET_DB),
            "db" | "user" | "pass" => {}
            _ => return Err(SOCKET_QUERY),
        }
    }
    if lacks_password(query, "user", "pass") {
        return Err(USER);
    }
    Ok(Kind::Other)
}

/// `[user:password@]host[:port],…/master[/db][?sentinel_user=…&sentinel_password=…]`
fn sentinel<'u>(scheme: &str, rest: &'u str) -> Result<Endpoint<'u>, Fault> {
    let (rest, login) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').ok_or(MASTER)?;
    if path.contains('@') {
        return Err(ENCODING);
    }
    let hosts_at = authority.rfind('@').map_or(0, |at| at + 1);
    let (credentials, hosts) = authority.split_at(hosts_at);
    let path = path.trim_end_matches('/');
    let (master, db) = path.split_once('/').unwrap_or((path, "0"));
    if master.is_empty() {
        return Err(MASTER);
    }
    if !is_db(db) {
        return Err(DB);
    }
    let is_known = |name| ["sentinel_user", "sentinel_password"].contains(&name);
    let is_login = pairs(login).all(|(name, _)| is_known(name));
    if !is_login || lacks_password(login, "sentinel_user", "sentinel_password") {
        return Err(SENTINEL);
    }
    let sentinels = hosts
        .split(',')
        .map(|host| format!("{scheme}://{}", host.trim()));
    let sentinels: Vec<_> = sentinels.collect();
    let primary = format!("{scheme}://{credentials}sentinel/{db}");
    for url in sentinels.iter().chain([&primary]) {
        server(url)?;
    }
    Ok(Endpoint::Sentinel {
        sentinels,
        master,
        server: primary,
        login,
    })
}

/// The names and values of a query.
fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn lacks_password(query: &str, user: &str, password: &str) -> bool {
    let has = |name| pairs(query).any(|(other, value)| other == name && !value.is_empty());
    has(user) && !has(password)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_db(text: &str) -> bool {
    is_number(text) && text.parse::<i64>().is_ok()
}
