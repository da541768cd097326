//! The connection settings of one server.

use redis::{
    ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};

use super::{builder::Config, environment::Environment, tls};
use crate::{limits::SILENCE, outcome::Error};

/// The settings of `like` for another host and port.
pub(crate) fn at(like: &ConnectionInfo, host: &str, port: u16) -> ConnectionInfo {
    let address = match like.addr() {
        ConnectionAddr::TcpTls {
            insecure,
            tls_params,
            ..
        } => ConnectionAddr::TcpTls {
            host: host.to_owned(),
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host.to_owned(), port),
    };
    like.clone().set_addr(address)
}

/// Host and port; `None` behind a Unix socket.
pub(crate) fn host_and_port(connection: &ConnectionInfo) -> Option<(&str, u16)> {
    match connection.addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            Some((host, *port))
        }
        _ => None,
    }
}

/// The server's URL, without credentials.
pub(crate) fn address(connection: &ConnectionInfo) -> String {
    let db = connection.redis_settings().db();
    match connection.addr() {
        ConnectionAddr::Unix(path) => format!("redis+unix://{}?db={db}", path.display()),
        ConnectionAddr::TcpTls { .. } => format!("rediss://{}/{db}", place(connection)),
        _ => format!("redis://{}/{db}", place(connection)),
    }
}

/// Host and port as they stand in a URL.
pub(super) fn place(connection: &ConnectionInfo) -> String {
    match host_and_port(connection) {
        Some((host, port)) if host.contains(':') => format!("[{host}]:{port}"),
        Some((host, port)) => format!("{host}:{port}"),
        None => connection.addr().to_string(),
    }
}

/// A server over TCP, without credentials.
pub(super) fn tcp(host: String, port: u16, db: i64) -> Option<ConnectionInfo> {
    let info = ConnectionAddr::Tcp(host, port)
        .into_connection_info()
        .ok()?;
    let redis = info.redis_settings().clone().set_db(db);
    Some(info.set_redis_settings(redis))
}

/// Adds the credentials and certificates of a `Config` and of the environment.
pub(super) fn complete(
    info: ConnectionInfo,
    config: Option<&Config>,
    environment: &Environment,
) -> Result<ConnectionInfo, Error> {
    let mut redis = info.redis_settings().clone();
    if let Some(credentials) = config.and_then(|config| config.credentials.as_ref()) {
        redis = redis.set_password(&credentials.password);
        if !credentials.user.is_empty() {
            redis = redis.set_username(&credentials.user);
        }
    }
    let info = finish(info.set_redis_settings(redis));
    let given = config.map(|config| config.tls.clone()).unwrap_or_default();
    tls::apply(info, &given, environment)
}

/// Adds the settings that all connections share.
fn finish(info: ConnectionInfo) -> ConnectionInfo {
    let settings = info
        .redis_settings()
        .clone()
        .set_protocol(ProtocolVersion::RESP3)
        .set_lib_name(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    // A look-up is one small packet: waiting to fill it would cost 40 ms. Keepalive lets the kernel find a
    // peer that vanished while the connection is idle.
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
