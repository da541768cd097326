//! Endpoints as URLs.

use redis::{ConnectionInfo, IntoConnectionInfo as _};
use url::Url;

use super::grammar::url::{Endpoint, Fault, split};
use crate::outcome::{Error, ErrorKind};

/// The endpoint of a URL, before other settings are put over it.
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

const TLS: Fault =
    "`rediss://` is not in this build: enable the feature `tls` of `redis-cache-runtime`";
const OTHER: Fault = "expected one like `redis://[user:password@]host[:port][/db]`";

/// Reads the URL that `setting` has.
///
/// # Errors
///
/// Names the setting, never its value.
pub(super) fn parse(setting: &str, url: &str) -> Result<Parsed, Error> {
    split(url).and_then(connections).map_err(|fault| {
        let message = format!("`{setting}` is wrong: {fault}");
        Error::new(ErrorKind::InvalidConfig, message)
    })
}

fn connections(endpoint: Endpoint<'_>) -> Result<Parsed, Fault> {
    Ok(match endpoint {
        Endpoint::Server(url) => Parsed::Server(server(url)?),
        Endpoint::Cluster(urls) => {
            Parsed::Cluster(urls.into_iter().map(server).collect::<Result<_, _>>()?)
        }
        Endpoint::Sentinel {
            sentinels,
            master,
            server: primary,
            login,
        } => Parsed::Sentinel {
            sentinels: sentinels
                .iter()
                .map(|url| sentinel(url, login))
                .collect::<Result<_, _>>()?,
            master: master.to_owned(),
            server: server(&primary)?,
        },
    })
}

fn server(url: &str) -> Result<ConnectionInfo, Fault> {
    let url = Url::parse(url).map_err(|_| OTHER)?;
    if cfg!(not(feature = "tls")) && ["rediss", "valkeys"].contains(&url.scheme()) {
        return Err(TLS);
    }
    url.into_connection_info().map_err(|_| OTHER)
}

fn sentinel(url: &str, login: &str) -> Result<ConnectionInfo, Fault> {
    let mut url = Url::parse(url).map_err(|_| OTHER)?;
    if url.port().is_none() {
        url.set_port(Some(SENTINEL_PORT)).map_err(|()| OTHER)?;
    }
    let sentinel = server(url.as_str())?;
    let mut settings = sentinel.redis_settings().clone();
    for (name, value) in url::form_urlencoded::parse(login.as_bytes()) {
        settings = match &*name {
            "sentinel_user" => settings.set_username(value),
            _ => settings.set_password(value),
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
                    assert!(!said.contains(OTHER), "only the library refuses {url:?}");
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
