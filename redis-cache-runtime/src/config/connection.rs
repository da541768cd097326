//! Where a cache lives, and how it is reached.

use std::{str::FromStr, time::Duration};

use redis::{
    ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};

use super::{
    environment::{Environment, Variable},
    settings::{Settings, invalid},
    tls,
};
use crate::error::Error;

const DEFAULT_HOST: &str = "localhost";
const DEFAULT_PORT: u16 = 6379;

/// After so long without an answer on the wire, the kernel asks, and gives up on what it has sent.
const SILENCE: Duration = Duration::from_secs(3);

/// The endpoint: a URL wins over host, port and db, and the environment over the attribute.
pub(super) fn of(settings: &Settings, environment: &Environment) -> Result<ConnectionInfo, Error> {
    if let Some(variable) = &environment.url {
        return parse_url(variable.name, &variable.value, environment);
    }
    let in_parts =
        environment.host.is_some() || environment.port.is_some() || environment.db.is_some();
    if let Some(url) = &settings.url
        && !in_parts
    {
        return parse_url("url", url, environment);
    }
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
    let info = ConnectionAddr::Tcp(host, port)
        .into_connection_info()
        .map_err(|_| invalid("host", "a host name or address"))?;
    let redis = info.redis_settings().clone().set_db(db);
    Ok(finish(info.set_redis_settings(redis)))
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

/// What a Redis URL looks like. The URL itself is never shown: it may hold a password.
const URL: &str = "a URL like `redis://[user:password@]host[:port][/db]`, `rediss://…` over TLS, \
                   or `redis+unix:///path?db=0`";

fn parse_url(setting: &str, url: &str, environment: &Environment) -> Result<ConnectionInfo, Error> {
    let info = url
        .trim()
        .into_connection_info()
        .map_err(|_| invalid(setting, URL))?;
    if !info.addr().is_supported() {
        return Err(invalid(
            setting,
            "an address that this build supports (`rediss://` needs the feature `tls`)",
        ));
    }
    tls::apply(finish(info), environment)
}

/// Sets what all connections have in common.
fn finish(info: ConnectionInfo) -> ConnectionInfo {
    let settings = info
        .redis_settings()
        .clone()
        .set_protocol(ProtocolVersion::RESP3)
        .set_lib_name(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    // A look-up is one small packet: waiting to fill it would cost 40 ms. A peer that has gone without a word is found by
    // the kernel where nothing else asks.
    let keepalive = TcpKeepalive::new()
        .with_time(SILENCE)
        .with_interval(SILENCE);
    let tcp = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive);
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let tcp = tcp.set_user_timeout(SILENCE);
    info.set_redis_settings(settings).set_tcp_settings(tcp)
}
