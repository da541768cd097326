//! Endpoints as URLs.

use redis::{ConnectionInfo, IntoConnectionInfo as _};
use url::Url;

use super::fault::{self, Fault};
use crate::outcome::{Error, ErrorKind};

/// What a URL says, before anything else is put over it.
pub(super) enum Parsed {
    Server(ConnectionInfo),
    /// Some servers of a cluster.
    Cluster(Vec<ConnectionInfo>),
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        /// The name under which the sentinels watch the primary.
        master: String,
        /// The primary, at an address that is not known yet.
        server: ConnectionInfo,
    },
}

const SENTINEL_PORT: u16 = 26379;

/// Reads what `setting` says.
///
/// # Errors
///
/// Names the setting, never its value.
pub(super) fn parse(setting: &str, url: &str) -> Result<Parsed, Error> {
    let url = url.trim();
    let parsed = match url.split_once("+sentinel://") {
        Some((scheme @ ("redis" | "rediss"), rest)) => sentinel(scheme, rest),
        Some(_) => Err(fault::SCHEME),
        None => servers(url),
    };
    parsed.map_err(|fault| {
        let message = format!("`{setting}` is wrong: {fault}");
        Error::new(ErrorKind::InvalidConfig, message)
    })
}

fn servers(url: &str) -> Result<Parsed, Fault> {
    let servers: Vec<_> = split(url)
        .into_iter()
        .map(server)
        .collect::<Result<_, Fault>>()?;
    let in_cluster = |server: &ConnectionInfo| {
        server.redis_settings().db() == 0 && super::connection::host_and_port(server).is_some()
    };
    if let [only] = servers.as_slice() {
        return Ok(Parsed::Server(only.clone()));
    }
    if !servers.iter().all(in_cluster) {
        return Err(fault::CLUSTER);
    }
    Ok(Parsed::Cluster(servers))
}

/// Splits at commas, but not at those of a password: only before a scheme.
fn split(url: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = url;
    while let Some(at) = next_url(rest) {
        parts.push(rest[..at].trim());
        rest = &rest[at + 1..];
    }
    parts.push(rest.trim());
    parts
}

fn next_url(text: &str) -> Option<usize> {
    text.match_indices(',').map(|(at, _)| at).find(|at| {
        text[at + 1..]
            .trim_start()
            .split_once("://")
            .is_some_and(|(scheme, _)| {
                scheme
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '+')
            })
    })
}

fn server(url: &str) -> Result<ConnectionInfo, Fault> {
    fault::find(url, cfg!(feature = "tls"))?;
    let is_socket = url
        .split_once("://")
        .is_some_and(|(scheme, _)| scheme.ends_with("unix"));
    let info = url.into_connection_info();
    info.map_err(|_| {
        if is_socket {
            fault::SOCKET
        } else {
            fault::OTHER
        }
    })
}

/// `[user:password@]host[:port],…/master[/db][?sentinel_user=…&sentinel_password=…]`
fn sentinel(scheme: &str, rest: &str) -> Result<Parsed, Fault> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').ok_or(fault::MASTER)?;
    if path.contains('@') {
        return Err(fault::ENCODING);
    }
    let (credentials, hosts) = authority
        .rsplit_once('@')
        .map_or((String::new(), authority), |(credentials, hosts)| {
            (format!("{credentials}@"), hosts)
        });
    let path = path.trim_end_matches('/');
    let (master, db) = path.split_once('/').unwrap_or((path, "0"));
    if master.is_empty() {
        return Err(fault::MASTER);
    }
    let server = server(&format!("{scheme}://{credentials}sentinel/{db}"))?;
    let mut sentinels = Vec::new();
    for host in hosts.split(',') {
        let url = format!("{scheme}://{}", host.trim());
        fault::find(&url, cfg!(feature = "tls"))?;
        let mut sentinel = Url::parse(&url).map_err(|_| fault::HOST)?;
        if sentinel.port().is_none() {
            let set = sentinel.set_port(Some(SENTINEL_PORT));
            set.map_err(|()| fault::PORT)?;
        }
        let info = sentinel.as_str().into_connection_info();
        sentinels.push(log_in(info.map_err(|_| fault::OTHER)?, query)?);
    }
    Ok(Parsed::Sentinel {
        sentinels,
        master: master.to_owned(),
        server,
    })
}

/// Sentinels have users of their own.
fn log_in(sentinel: ConnectionInfo, query: &str) -> Result<ConnectionInfo, Fault> {
    let mut settings = sentinel.redis_settings().clone();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        settings = match &*name {
            "sentinel_user" => settings.set_username(value),
            "sentinel_password" => settings.set_password(value),
            _ => return Err(fault::SENTINEL),
        };
    }
    Ok(sentinel.set_redis_settings(settings))
}

#[cfg(test)]
mod tests {
    use cache_fuzz::{fuzz, mutate};

    use super::*;
    use crate::config::connection::address;

    fn addresses(url: &str) -> Vec<String> {
        match parse("url", url) {
            Ok(Parsed::Server(server)) => vec![address(&server)],
            Ok(Parsed::Cluster(servers)) => servers.iter().map(address).collect(),
            Ok(Parsed::Sentinel {
                sentinels,
                master,
                server,
            }) => sentinels
                .iter()
                .chain([&server])
                .map(address)
                .chain([master])
                .collect(),
            Err(error) => vec![error.to_string()],
        }
    }

    #[test]
    fn any_text_is_a_url_or_an_error_that_does_not_show_it() {
        let urls = [
            "redis://user:hunter2@localhost:6379/0",
            "rediss://:hunter2@[::1]:7000,rediss://:hunter2@b",
            "redis+unix:///run/redis.sock?db=1&pass=hunter2",
            "redis+sentinel://u:hunter2@a:1,b/main/3?sentinel_user=s&sentinel_password=hunter2",
        ];
        let words: [&[u8]; 14] = [
            b"://",
            b"@",
            b":",
            b"/",
            b",",
            b"?",
            b"#",
            b"%",
            b"%2",
            b"[",
            b"redis",
            b"+sentinel://",
            b"99999",
            "\u{fc}".as_bytes(),
        ];
        fuzz(10_000, |u| {
            let mut url = u.choose(&urls)?.as_bytes().to_vec();
            mutate(&mut url, &words, u)?;
            let url = String::from_utf8_lossy(&url);
            match parse("url", &url) {
                Ok(Parsed::Server(server)) => _ = address(&server),
                Ok(Parsed::Cluster(servers)) => assert!(servers.len() > 1),
                Ok(Parsed::Sentinel {
                    sentinels, master, ..
                }) => assert!(!sentinels.is_empty() && !master.is_empty()),
                Err(error) => {
                    let said = format!("{error} {error:?}");
                    assert!(!said.contains("hunter2"), "{said}");
                }
            }
            Ok(())
        });
    }

    #[test]
    fn several_servers_are_a_cluster() {
        assert_eq!(addresses("redis://a"), ["redis://a:6379/0"]);
        assert_eq!(
            addresses("redis://u:p@a:7000, redis://[::1]:7001"),
            ["redis://a:7000/0", "redis://[::1]:7001/0"]
        );
    }

    #[test]
    fn a_comma_in_a_password_is_none_between_servers() {
        assert_eq!(
            addresses("redis://:a,b@host,redis://:c,d@other"),
            ["redis://host:6379/0", "redis://other:6379/0"]
        );
    }

    #[test]
    fn sentinels_name_a_primary() {
        assert_eq!(
            addresses("redis+sentinel://u:p@a:1,b/main/3?sentinel_user=s&sentinel_password=t%20u"),
            [
                "redis://a:1/0",
                "redis://b:26379/0",
                "redis://sentinel:6379/3",
                "main"
            ]
        );
        let Ok(Parsed::Sentinel {
            sentinels, server, ..
        }) = parse(
            "url",
            "redis+sentinel://u:p%40@a/main?sentinel_password=t%20u",
        )
        else {
            panic!("the URL is right");
        };
        assert_eq!(server.redis_settings().password(), Some("p@"));
        assert_eq!(sentinels[0].redis_settings().password(), Some("t u"));
        assert_eq!(sentinels[0].redis_settings().username(), None);
    }
}
