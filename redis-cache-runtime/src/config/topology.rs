//! The servers of a cache.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use redis::{ConnectionAddr, ConnectionInfo};

use super::{
    connection::{self, address},
    environment::{Environment, Variable},
    settings::{Settings, invalid},
    url::{self, Parsed},
};
use crate::outcome::Error;

const DEFAULT_HOST: &str = "localhost";
const DEFAULT_PORT: u16 = 6379;

/// One server or several.
#[derive(Clone)]
pub(crate) enum Topology {
    /// One server. It may answer that it belongs to a cluster.
    Server(ConnectionInfo),
    /// Some servers of a cluster. The first that answers names the others.
    Cluster {
        first: ConnectionInfo,
        all: Vec<ConnectionInfo>,
    },
    /// The primary that the sentinels name.
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        master: String,
        server: ConnectionInfo,
    },
}

// Connections hold user names, and passwords that only their own `Debug` hides.
impl fmt::Debug for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address())
    }
}

impl Topology {
    /// The URL, without credentials.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Server(server) => address(server),
            Self::Cluster { all, .. } => all.iter().map(address).collect::<Vec<_>>().join(","),
            Self::Sentinel {
                sentinels,
                master,
                server,
            } => {
                let scheme = match server.addr() {
                    ConnectionAddr::TcpTls { .. } => "rediss",
                    _ => "redis",
                };
                let hosts: Vec<_> = sentinels.iter().map(connection::place).collect();
                let db = server.redis_settings().db();
                format!("{scheme}+sentinel://{}/{master}/{db}", hosts.join(","))
            }
        }
    }

    /// The servers whose addresses are settings; empty behind sentinels.
    pub(crate) fn servers(&self) -> &[ConnectionInfo] {
        match self {
            Self::Server(server) => std::slice::from_ref(server),
            Self::Cluster { all, .. } => all,
            Self::Sentinel { .. } => &[],
        }
    }

    /// Topologies with the same identity share connections: addresses, users and passwords. Never shown.
    pub(crate) fn identity(&self) -> String {
        let connections: Vec<_> = match self {
            Self::Server(server) => vec![server],
            Self::Cluster { all, .. } => all.iter().collect(),
            Self::Sentinel {
                sentinels, server, ..
            } => sentinels.iter().chain([server]).collect(),
        };
        let credentials = connections.iter().map(|connection| {
            let redis = connection.redis_settings();
            let insecure = matches!(
                connection.addr(),
                ConnectionAddr::TcpTls { insecure: true, .. }
            );
            format!("{insecure} {:?} {:?}", redis.username(), redis.password())
        });
        let credentials: Vec<_> = credentials.collect();
        format!("{} {}", self.address(), credentials.join(" "))
    }
}

/// The servers of the settings, overridden by the environment: by its URL as a whole, else by its parts.
pub(super) fn of(settings: &Settings, environment: &Environment) -> Result<Topology, Error> {
    let config = settings.config.as_ref();
    if let Some(variable) = &environment.url {
        let parsed = url::parse(variable.name, &variable.value)?;
        // The credentials of a `Config` belong to the server of that `Config`.
        let config = config.map(|config| config.clone().without_credentials());
        return complete(parsed, config.as_ref(), environment);
    }
    let url = config.map(|config| ("config", &config.url));
    let url = url.or_else(|| settings.url.as_ref().map(|url| ("url", url)));
    let parsed = match url {
        Some((setting, url)) => url::parse(setting, url)?,
        None => Parsed::Server(in_attribute(settings)?),
    };
    complete(replace_parts(parsed, environment)?, config, environment)
}

fn complete(
    parsed: Parsed,
    config: Option<&super::Config>,
    environment: &Environment,
) -> Result<Topology, Error> {
    let each = |connection| connection::complete(connection, config, environment);
    match parsed {
        Parsed::Server(server) => Ok(Topology::Server(each(server)?)),
        Parsed::Cluster(servers) => {
            let all: Vec<_> = servers.into_iter().map(each).collect::<Result<_, _>>()?;
            match all.first().cloned() {
                Some(first) => Ok(Topology::Cluster { first, all }),
                None => Err(invalid("url", "a server")),
            }
        }
        Parsed::Sentinel {
            sentinels,
            master,
            server,
        } => {
            let tls_only = config.map(|config| config.clone().without_credentials());
            let sentinels = sentinels
                .into_iter()
                .map(|sentinel| connection::complete(sentinel, tls_only.as_ref(), environment))
                .collect::<Result<_, _>>()?;
            Ok(Topology::Sentinel {
                sentinels,
                master,
                server: each(server)?,
            })
        }
    }
}

/// The server of `host`, `port` and `db`.
fn in_attribute(settings: &Settings) -> Result<ConnectionInfo, Error> {
    let host = settings.host.as_deref().unwrap_or(DEFAULT_HOST);
    if !is_host(host) {
        return Err(invalid("host", HOST));
    }
    let port = settings.port.unwrap_or(DEFAULT_PORT);
    if port == 0 {
        return Err(invalid("port", PORT));
    }
    let db = settings.db.unwrap_or(0);
    if db < 0 {
        return Err(invalid("db", DB));
    }
    connection::tcp(host.to_owned(), port, db).ok_or_else(|| invalid("host", HOST))
}

const HOST: &str = "a host name or address, without a port";
const PORT: &str = "a port from 1 to 65535";
const DB: &str = "a database number, 0 or more";

/// Overrides host, port and database of one server by the environment's.
fn replace_parts(parsed: Parsed, environment: &Environment) -> Result<Parsed, Error> {
    let (host, port, db) = (&environment.host, &environment.port, &environment.db);
    let Some(named) = [host, port, db].into_iter().flatten().next() else {
        return Ok(parsed);
    };
    let Parsed::Server(server) = parsed else {
        return Err(invalid(
            named.name,
            "one server to be a part of; for a cluster or sentinels set `HANDLER_CACHE_URL`",
        ));
    };
    let Some((old_host, old_port)) = connection::host_and_port(&server) else {
        return Err(invalid(
            named.name,
            "a server over TCP to be a part of; for a socket set `HANDLER_CACHE_URL`",
        ));
    };
    let host = read(host.as_ref(), HOST, |host: &String| is_host(host))?;
    let port = read(port.as_ref(), PORT, |port: &u16| *port > 0)?;
    let db = read(db.as_ref(), DB, |db: &i64| *db >= 0)?;
    let host = host.unwrap_or_else(|| old_host.to_owned());
    let moved = connection::at(&server, &host, port.unwrap_or(old_port));
    let settings = moved.redis_settings().clone();
    Ok(Parsed::Server(match db {
        Some(db) => moved.set_redis_settings(settings.set_db(db)),
        None => moved,
    }))
}

fn read<T: FromStr>(
    variable: Option<&Variable>,
    expected: &str,
    is_valid: fn(&T) -> bool,
) -> Result<Option<T>, Error> {
    let Some(variable) = variable else {
        return Ok(None);
    };
    let value = variable.value.trim().parse().ok().filter(is_valid);
    match value {
        Some(value) => Ok(Some(value)),
        None => Err(invalid(variable.name, expected)),
    }
}

fn is_host(host: &str) -> bool {
    let is_name = !host.trim().is_empty() && !host.contains([':', '/', '@', '[']);
    is_name || host.parse::<Ipv6Addr>().is_ok()
}
