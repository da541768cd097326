//! What the attribute says, and the checked configuration that comes of it.

use std::{fmt, time::Duration};

use redis::{
    ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};

use super::{MaxSize, environment::Environment, tls};
use crate::{
    envelope::Seal,
    error::{Error, ErrorKind},
};

const DEFAULT_HOST: &str = "localhost";
const DEFAULT_PORT: u16 = 6379;
const DEFAULT_TIMEOUT: Duration = Duration::from_millis(50);
const DEFAULT_MAX_VALUE_BYTES: usize = 8 * 1024 * 1024;
const SHORTEST_TTL: Duration = Duration::from_millis(10);
const LONGEST_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// After so long without an answer on the wire, the kernel asks, and gives up on what it has sent.
const SILENCE: Duration = Duration::from_secs(3);

/// The arguments of one attribute, as they were written; `None` where one was not.
#[derive(Clone, Default)]
#[must_use]
pub struct Settings {
    host: Option<String>,
    port: Option<u16>,
    db: Option<i64>,
    url: Option<String>,
    maxsize: Option<MaxSize>,
    name: Option<String>,
    timeout: Option<Duration>,
    ttl: Option<Duration>,
    max_value_bytes: Option<usize>,
}

// A URL may hold a password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// One setter an argument; a number takes no `Into`, or a literal would have no type.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($argument:ty);)*) => {$(
        $(#[$doc])*
        pub fn $name(mut self, value: $argument) -> Self {
            self.$name = Some(value.into());
            self
        }
    )*};
}

impl Settings {
    /// Settings without a word: every default.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// `host = …`
        host(impl Into<String>);
        /// `port = …`
        port(u16);
        /// `db = …`
        db(i64);
        /// `url = …`
        url(impl Into<String>);
        /// `maxsize = …`
        maxsize(MaxSize);
        /// `name = …`
        name(impl Into<String>);
        /// `timeout = …`
        timeout(Duration);
        /// `ttl = …`
        ttl(Duration);
        /// `max_value_bytes = …`
        max_value_bytes(usize);
    }

    /// The name given with `name = …`.
    pub(crate) fn given_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Checks the settings and puts the environment's over them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidConfig`], naming the setting and never its value.
    pub(crate) fn resolve(&self, path: &str) -> Result<Config, Error> {
        let environment = Environment::get();
        let name = self.name.clone().unwrap_or_else(|| path.to_owned());
        if name.is_empty() || name.contains(['{', '}']) || name.contains(char::is_control) {
            return Err(invalid(
                "name",
                "a name without braces and control characters",
            ));
        }
        let timeout = match &environment.timeout {
            Some(variable) => parse_duration(&variable.value)
                .ok_or_else(|| invalid(variable.name, "a duration such as `50ms` or `1s`"))?,
            None => self.timeout.unwrap_or(DEFAULT_TIMEOUT),
        };
        if timeout.is_zero() {
            return Err(invalid("timeout", "a duration longer than zero"));
        }
        // Redis counts in milliseconds, and the jitter takes a tenth.
        if self
            .ttl
            .is_some_and(|ttl| ttl < SHORTEST_TTL || ttl > LONGEST_TTL)
        {
            return Err(invalid(
                "ttl",
                "a duration from 10 milliseconds to 100 years",
            ));
        }
        Ok(Config {
            name,
            maxsize: self.maxsize.unwrap_or(MaxSize::DEFAULT),
            timeout,
            ttl: self.ttl,
            max_value_bytes: self.max_value_bytes.unwrap_or(DEFAULT_MAX_VALUE_BYTES),
            connection: tls::apply(self.connection(environment)?, environment)?,
            seal: environment.seal,
        })
    }

    /// The endpoint: a URL wins over host, port and db, and the environment over the attribute.
    fn connection(&self, environment: &Environment) -> Result<ConnectionInfo, Error> {
        if let Some(variable) = &environment.url {
            return parse_url(variable.name, &variable.value);
        }
        let in_parts =
            environment.host.is_some() || environment.port.is_some() || environment.db.is_some();
        if let Some(url) = &self.url
            && !in_parts
        {
            return parse_url("url", url);
        }
        let host = match &environment.host {
            Some(variable) => variable.value.clone(),
            None => self.host.clone().unwrap_or_else(|| DEFAULT_HOST.to_owned()),
        };
        let port = match &environment.port {
            Some(variable) => variable
                .value
                .trim()
                .parse()
                .map_err(|_| invalid(variable.name, "a port from 1 to 65535"))?,
            None => self.port.unwrap_or(DEFAULT_PORT),
        };
        let db = match &environment.db {
            Some(variable) => variable
                .value
                .trim()
                .parse()
                .map_err(|_| invalid(variable.name, "a database number, 0 or more"))?,
            None => self.db.unwrap_or(0),
        };
        let setting = |variable: &Option<super::environment::Variable>, argument| {
            variable.as_ref().map_or(argument, |variable| variable.name)
        };
        if host.trim().is_empty() {
            return Err(invalid(
                setting(&environment.host, "host"),
                "a host name or address",
            ));
        }
        if port == 0 {
            return Err(invalid(
                setting(&environment.port, "port"),
                "a port from 1 to 65535",
            ));
        }
        if db < 0 {
            return Err(invalid(
                setting(&environment.db, "db"),
                "a database number, 0 or more",
            ));
        }
        let address = redis::ConnectionAddr::Tcp(host, port);
        let info = address
            .into_connection_info()
            .map_err(|_| invalid("host", "a host name"))?;
        let settings = info.redis_settings().clone().set_db(db);
        Ok(finish(info.set_redis_settings(settings)))
    }
}

/// The checked settings of one cache.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) name: String,
    pub(crate) maxsize: MaxSize,
    pub(crate) timeout: Duration,
    pub(crate) ttl: Option<Duration>,
    pub(crate) max_value_bytes: usize,
    pub(crate) connection: ConnectionInfo,
    pub(crate) seal: Seal,
}

// `ConnectionInfo` shows its user name, and a password only as long as its own `Debug` hides it.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

pub(super) fn invalid(setting: &str, expected: &str) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        format!("`{setting}` is wrong: expected {expected}"),
    )
}

/// What a Redis URL looks like. The URL itself is never shown: it may hold a password.
const URL: &str = "a URL like `redis://[user:password@]host[:port][/db]`, `rediss://…` over TLS, \
                   or `redis+unix:///path?db=0`";

fn parse_url(setting: &str, url: &str) -> Result<ConnectionInfo, Error> {
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
    Ok(finish(info))
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

/// Reads `50ms`, `1.5s`, `10m`; the attribute's own strings are read by the macro.
fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let seconds = match text[unit..].trim() {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number: f64 = text[..unit].parse().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("50ms"), Some(Duration::from_millis(50)));
        assert_eq!(parse_duration(" 1.5 s "), Some(Duration::from_millis(1500)));
        assert_eq!(parse_duration("10m"), Some(Duration::from_secs(600)));
        for wrong in ["", "50", "ms", "-1s", "1d", "1.2.3s", "1e3s"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn defaults_are_those_of_the_python_decorator() {
        let config = Settings::new().resolve("a::b").unwrap();
        assert_eq!(config.name, "a::b");
        assert_eq!(config.maxsize, MaxSize::Entries(128));
        assert_eq!(config.timeout, Duration::from_millis(50));
        assert_eq!(config.connection.addr().to_string(), "localhost:6379");
        assert_eq!(config.connection.redis_settings().db(), 0);
    }

    #[test]
    fn wrong_settings_are_named_and_never_shown() {
        let secret = "hunter2";
        let url = |url: &str| Settings::new().url(url);
        let cases = [
            ("url", url(&format!("http://:{secret}@host/0"))),
            ("url", url(&format!("redis://:{secret}@host:port/0"))),
            ("url", url(secret)),
            ("url", url("")),
            ("host", Settings::new().host(" ")),
            ("port", Settings::new().port(0u16)),
            ("db", Settings::new().db(-1)),
            ("name", Settings::new().name("a{b}")),
            ("timeout", Settings::new().timeout(Duration::ZERO)),
        ];
        for (setting, settings) in cases {
            let error = settings.resolve("a::b").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert!(
                error.to_string().contains(&format!("`{setting}`")),
                "{error}"
            );
            assert!(!format!("{error} {error:?} {settings:?}").contains(secret));
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let settings = Settings::new().url("redis://user:hunter2@localhost:1/3");
        let config = settings.resolve("a::b").unwrap();
        assert_eq!(config.connection.redis_settings().db(), 3);
        assert!(!format!("{settings:?} {config:?}").contains("hunter2"));
    }
}
