//! What can be seen of an endpoint's URL while compiling.

/// The schemes of a server reached over TCP, and of one behind a Unix socket.
const TCP: [&str; 4] = ["redis", "rediss", "valkey", "valkeys"];
const SOCKET: [&str; 3] = ["unix", "redis+unix", "valkey+unix"];

/// Checks the scheme, that there is a host or a socket, the port, and the number of the database.
///
/// # Errors
///
/// What is wrong with `url`, and what to write.
pub(crate) fn check(url: &str) -> Result<(), String> {
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
    } else {
        Err(format!(
            "`{scheme}` is not the scheme of a Redis server; use `redis://`, or `redis+unix://` for a socket"
        ))
    }
}

fn check_tcp(rest: &str) -> Result<(), String> {
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, db) = rest.split_once('/').unwrap_or((rest, ""));
    let server = authority
        .rsplit_once('@')
        .map_or(authority, |(_, server)| server);
    let (host, port) = split_port(server);
    if host.is_empty() {
        return Err("`url` names no host, such as `redis://localhost:6379`".into());
    }
    if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
        return Err("the port in `url` is a number from 1 to 65535".into());
    }
    let db = db.trim_end_matches('/');
    if !db.is_empty() && db.parse::<u32>().is_err() {
        return Err(
            "the path of `url` is the number of the database, such as `redis://localhost:6379/0`"
                .into(),
        );
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
