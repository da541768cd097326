//! What can be seen of an endpoint's URL while compiling.

/// The schemes of a server reached over TCP, and of one behind a Unix socket.
const TCP: [&str; 4] = ["redis", "rediss", "valkey", "valkeys"];
const SOCKET: [&str; 3] = ["unix", "redis+unix", "valkey+unix"];

/// An unencoded `/`, `?` or `#` ends what is read as user, password and host, and leaves the `@` behind it.
const ENCODING: &str = "a user or password in `url` has to be percent-encoded: `@` as `%40`, `/` as `%2F`, `#` as `%23`, `?` as \
     `%3F`, `%` as `%25`; or keep it out of source, in `HANDLER_CACHE_URL`";

/// The schemes of sentinels.
const SENTINEL: [&str; 2] = ["redis+sentinel", "rediss+sentinel"];

/// Checks the scheme, that there is a host or a socket, the port, and the number of the database; of each URL, where there
/// are several of a cluster.
///
/// # Errors
///
/// What is wrong with `url`, and what to write.
pub(crate) fn check(url: &str) -> Result<(), String> {
    let urls = split(url);
    for one in &urls {
        check_one(one)?;
    }
    if let [_, _, ..] = *urls
        && let Some(other) = urls.iter().find(|url| !is_in_cluster(url))
    {
        let scheme = other.split("://").next().unwrap_or_default();
        return Err(if TCP.contains(&scheme) {
            "`url` has several servers, those of a cluster, which has only database 0".into()
        } else {
            format!("several URLs are the servers of a cluster; `{scheme}://` stands alone")
        });
    }
    Ok(())
}

/// Splits at commas before a scheme: a password may have one as well.
fn split(url: &str) -> Vec<&str> {
    let is_scheme = |text: &str| {
        text.trim_start()
            .split_once("://")
            .is_some_and(|(scheme, _)| {
                scheme
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '+')
            })
    };
    let mut urls = Vec::new();
    let mut start = 0;
    for (at, _) in url.match_indices(',') {
        if is_scheme(&url[at + 1..]) {
            urls.push(url[start..at].trim());
            start = at + 1;
        }
    }
    urls.push(url[start..].trim());
    urls
}

fn is_in_cluster(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, rest)| {
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        let db = path
            .split_once('/')
            .map_or("", |(_, db)| db.trim_end_matches('/'));
        TCP.contains(&scheme) && matches!(db, "" | "0")
    })
}

fn check_one(url: &str) -> Result<(), String> {
    if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("`url` has a space or a control character in it".into());
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err("`url` begins with its scheme, such as `redis://localhost:6379`".into());
    };
    if TCP.contains(&scheme) {
        check_tcp(rest)
    } else if SOCKET.contains(&scheme) {
        check_socket(rest)
    } else if SENTINEL.contains(&scheme) {
        check_sentinel(rest)
    } else {
        Err(format!(
            "`{scheme}` is not the scheme of a Redis server; use `redis://`, `rediss://` with TLS, `redis+unix://` for a \
             socket, or `redis+sentinel://`"
        ))
    }
}

fn check_sentinel(rest: &str) -> Result<(), String> {
    const EXPECTED: &str = "`redis+sentinel://localhost:26379/mymaster`";
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if path.contains('@') {
        return Err(ENCODING.into());
    }
    let hosts = authority
        .rsplit_once('@')
        .map_or(authority, |(_, hosts)| hosts);
    for host in hosts.split(',') {
        check_host_and_port(host.trim())?;
    }
    let path = path.trim_end_matches('/');
    let (master, db) = path.split_once('/').unwrap_or((path, "0"));
    if master.is_empty() {
        return Err(format!(
            "`url` does not say which primary the sentinels watch, such as {EXPECTED}"
        ));
    }
    if db.parse::<u32>().is_err() {
        return Err(format!(
            "after the primary comes the number of the database, such as {EXPECTED}/0"
        ));
    }
    let known = |name: &str| ["sentinel_user", "sentinel_password"].contains(&name);
    let names = query.split('&').filter(|part| !part.is_empty());
    if let Some(name) = names
        .map(|part| part.split('=').next().unwrap_or(part))
        .find(|name| !known(name))
    {
        return Err(format!(
            "`{name}` is nothing that sentinels need; known are `sentinel_user`, `sentinel_password`"
        ));
    }
    Ok(())
}

fn check_tcp(rest: &str) -> Result<(), String> {
    if rest
        .split_once(['/', '?', '#'])
        .is_some_and(|(_, tail)| tail.contains('@'))
    {
        return Err(ENCODING.into());
    }
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, db) = rest.split_once('/').unwrap_or((rest, ""));
    let server = authority
        .rsplit_once('@')
        .map_or(authority, |(_, server)| server);
    check_host_and_port(server)?;
    let db = db.trim_end_matches('/');
    if !db.is_empty() && db.parse::<u32>().is_err() {
        return Err(
            "the path of `url` is the number of the database, such as `redis://localhost:6379/0`"
                .into(),
        );
    }
    Ok(())
}

fn check_host_and_port(server: &str) -> Result<(), String> {
    let (host, port) = split_port(server);
    if host.is_empty() {
        return Err("`url` names no host, such as `redis://localhost:6379`".into());
    }
    if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
        return Err("the port in `url` is a number from 1 to 65535".into());
    }
    Ok(())
}

fn check_socket(path: &str) -> Result<(), String> {
    if path.starts_with('/') && path.len() > 1 {
        return Ok(());
    }
    Err("`url` names no socket, such as `redis+unix:///run/redis.sock`".into())
}

/// Splits `host:port`, where the host may be an IPv6 address in brackets.
fn split_port(server: &str) -> (&str, Option<&str>) {
    let after_brackets = server.rfind(']').map_or(0, |bracket| bracket + 1);
    server[after_brackets..]
        .split_once(':')
        .map_or((server, None), |(head, port)| {
            (&server[..after_brackets + head.len()], Some(port))
        })
}
