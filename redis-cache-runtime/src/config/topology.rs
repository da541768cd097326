//! Where a cache lives.

use std::{fmt, str::FromStr};

use redis::{ConnectionAddr, ConnectionInfo};

use super::{
    connection::{self, address},
    environment::{Environment, Variable},
    settings::{Settings, invalid},
    url::{self, Parsed},
};
use crate::error::Error;

const DEFAULT_HOST: &str = "localhost";
const DEFAULT_PORT: u16 = 6379;

/// One server or several.
#[derive(Clone)]
pub(crate) enum Topology {
    /// One server, which may turn out to be one of a cluster.
    Server(ConnectionInfo),
    /// Some servers of a cluster: whichever answers tells of the others.
    Cluster {
        first: ConnectionInfo,
        all: Vec<ConnectionInfo>,
    },
    /// Whichever server the sentinels say is the primary.
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        master: String,
        server: ConnectionInfo,
    },
}

// Connections know user names, and passwords that only their own `Debug` hides.
impl fmt::Debug for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address())
    }
}

impl Topology {
    /// Where it is, without credentials.
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
                let hosts: Vec<_> = sentinels
                    .iter()
                    .map(|sentinel| sentinel.addr().to_string())
                    .collect();
                let db = server.redis_settings().db();
                format!("{scheme}+sentinel://{}/{master}/{db}", hosts.join(","))
            }
        }
    }

    /// The servers that are known beforehand.
    pub(crate) fn servers(&self) -> &[ConnectionInfo] {
        match self {
            Self::Server(server) => std::slice::from_ref(server),
            Self::Cluster { all, .. } => all,
            Self::Sentinel { .. } => &[],
        }
    }

    /// The same for those that may share connections: addresses, and whom they log in as. Never shown.
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

/// Where the settings say: a URL wins over host, port and db, and the environment over the attribute.
pub(super) fn of(settings: &Settings, environment: &Environment) -> Result<Topology, Error> {
    let config = settings.config.as_ref();
    if let Some(variable) = &environment.url {
        let parsed = url::parse(variable.name, &variable.value)?;
        // Credentials in code are those of the server in code.
        let config = config.map(|config| config.clone().without_credentials());
        return complete(parsed, config.as_ref(), environment);
    }
    let in_parts =
        environment.host.is_some() || environment.port.is_some() || environment.db.is_some();
    let url = config.map(|config| ("config", &config.url));
    let url = url.or_else(|| settings.url.as_ref().map(|url| ("url", url)));
    if let Some((setting, url)) = url
        && !in_parts
    {
        return complete(url::parse(setting, url)?, config, environment);
    }
    let server = in_parts_of(settings, environment)?;
    complete(Parsed::Server(server), config, environment)
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

/// Host, port and db, each by itself.
fn in_parts_of(settings: &Settings, environment: &Environment) -> Result<ConnectionInfo, Error> {
    let host = pick(
        ("host", settings.host.clone()),
        environment.host.as_ref(),
        DEFAULT_HOST.to_owned(),
        "a host name or address",
        |host| !host.trim().is_empty(),
    )?;
    let port = pick(
        ("port", settings.port),
        environment.port.as_ref(),
        DEFAULT_PORT,
        "a port from 1 to 65535",
        |port| *port > 0,
    )?;
    let db = pick(
        ("db", settings.db),
        environment.db.as_ref(),
        0,
        "a database number, 0 or more",
        |db| *db >= 0,
    )?;
    connection::tcp(host, port, db).ok_or_else(|| invalid("host", "a host name or address"))
}

/// One part of the endpoint: what the environment says, or else the attribute, or else the default.
fn pick<T: FromStr>(
    (argument, given): (&'static str, Option<T>),
    variable: Option<&Variable>,
    default: T,
    expected: &str,
    is_valid: fn(&T) -> bool,
) -> Result<T, Error> {
    let (setting, value) = match variable {
        Some(variable) => (variable.name, variable.value.trim().parse().ok()),
        None => (argument, Some(given.unwrap_or(default))),
    };
    value
        .filter(is_valid)
        .ok_or_else(|| invalid(setting, expected))
}
