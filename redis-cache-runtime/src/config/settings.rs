//! The arguments of an attribute, and the checked configuration of its cache.

use std::{fmt, time::Duration};

use super::{
    Config, MaxSize, Topology,
    environment::Environment,
    grammar::{LONGEST_TIMEOUT, LONGEST_TTL, SHORTEST_TTL, duration},
    topology,
};
use crate::{
    limits::{DEFAULT_MAX_VALUE_BYTES, DEFAULT_TIMEOUT},
    outcome::{Error, ErrorKind},
    value::envelope::Seal,
};

/// The arguments of one attribute, as they were written; `None` where one was not.
#[derive(Clone, Default)]
#[must_use]
pub struct Settings {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) db: Option<i64>,
    pub(super) url: Option<String>,
    pub(super) config: Option<Config>,
    maxsize: Option<MaxSize>,
    shards: Option<u16>,
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

/// One setter for each argument. A number takes no `Into`, or a literal would have no type.
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
    /// Every default.
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
        /// `config = …`
        config(Config);
        /// `maxsize = …`
        maxsize(MaxSize);
        /// `shards = …`
        shards(u16);
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

    /// Checks the settings, and overrides them by the environment.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidConfig`], naming the setting and never its value.
    pub(crate) fn resolve(&self, default_name: &str) -> Result<Resolved, Error> {
        let environment = Environment::get()?;
        let name = self.name.clone().unwrap_or_else(|| default_name.to_owned());
        if name.is_empty() || name.contains(['{', '}']) || name.contains(char::is_control) {
            return Err(invalid(
                "name",
                "a name without braces and control characters",
            ));
        }
        if is_like_a_shard(&name) {
            return Err(invalid(
                "name",
                "a name that does not end in `#` and a number, as those of shards do",
            ));
        }
        let maxsize = self.maxsize.unwrap_or(MaxSize::DEFAULT);
        let shards = self.shards.unwrap_or(1);
        if shards == 0 {
            return Err(invalid("shards", "a number from 1 to 65535"));
        }
        if let Some(entries @ 1..) = maxsize.entries()
            && entries < usize::from(shards)
        {
            return Err(invalid("shards", "`maxsize` at most"));
        }
        let timeout = match &environment.timeout {
            Some(variable) => duration::parse(&variable.value)
                .map(Duration::from_nanos)
                .map_err(|_| invalid(variable.name, "a duration such as `50ms` or `1s`"))?,
            None => self.timeout.unwrap_or(DEFAULT_TIMEOUT),
        };
        if timeout.is_zero() || timeout > LONGEST_TIMEOUT {
            let setting = environment
                .timeout
                .as_ref()
                .map_or("timeout", |variable| variable.name);
            return Err(invalid(
                setting,
                "a duration longer than zero, and an hour at most",
            ));
        }
        if self.ttl.is_some_and(|ttl| ttl < SHORTEST_TTL) {
            return Err(invalid("ttl", "a duration of 10 milliseconds or more"));
        }
        let seal = environment
            .seal
            .or_else(|| self.config.as_ref().and_then(Config::seal))
            .unwrap_or_default();
        let topology = topology::of(self, environment)?;
        let tls = self.config.as_ref().map(Config::tls_digest);
        Ok(Resolved {
            identity: format!("{} {tls:?}", topology.identity()),
            name,
            maxsize,
            shards,
            timeout,
            // Redis refuses a longer one. Such an entry never expires.
            ttl: self.ttl.filter(|ttl| *ttl <= LONGEST_TTL),
            max_value_bytes: self.max_value_bytes.unwrap_or(DEFAULT_MAX_VALUE_BYTES),
            topology,
            seal,
        })
    }
}

/// The checked settings of one cache.
#[derive(Clone)]
pub(crate) struct Resolved {
    pub(crate) name: String,
    pub(crate) maxsize: MaxSize,
    pub(crate) shards: u16,
    pub(crate) timeout: Duration,
    pub(crate) ttl: Option<Duration>,
    pub(crate) max_value_bytes: usize,
    pub(crate) topology: Topology,
    /// Caches with the same identity share connections. It holds credentials and is never shown.
    pub(crate) identity: String,
    pub(crate) seal: Seal,
}

// Connections hold user names, and passwords that only their own `Debug` hides.
impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolved")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Whether a shard of another cache may have this name.
fn is_like_a_shard(name: &str) -> bool {
    name.rsplit_once('#')
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

pub(super) fn invalid(setting: &str, expected: &str) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        format!("`{setting}` is wrong: expected {expected}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_python_decorator() {
        let config = Settings::new().resolve("a::b").unwrap();
        assert_eq!(config.name, "a::b");
        assert_eq!(config.maxsize, MaxSize::Entries(128));
        assert_eq!(config.timeout, Duration::from_millis(50));
        assert_eq!(config.shards, 1);
        assert_eq!(config.topology.address(), "redis://localhost:6379/0");
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
            ("url", url(&format!("redis://:{secret}@host?db=3"))),
            ("host", Settings::new().host(" ")),
            ("host", Settings::new().host("localhost:6379")),
            ("port", Settings::new().port(0u16)),
            ("db", Settings::new().db(-1)),
            ("url", url(&format!("redis://:{secret}@a,http://b"))),
            ("url", url(&format!("redis://:{secret}@a/1,redis://b/1"))),
            ("url", url(&format!("redis+sentinel://:{secret}@a:1,b:2"))),
            ("url", url(&format!("redis+sentinel://:{secret}@a:x/main"))),
            ("url", url(&format!("redis+sentinel://:{secret}@/main"))),
            (
                "url",
                url(&format!(
                    "redis+sentinel://a/main/x?sentinel_password={secret}"
                )),
            ),
            (
                "url",
                url(&format!("redis+sentinel://a/main?password={secret}")),
            ),
            ("shards", Settings::new().shards(0u16)),
            (
                "shards",
                Settings::new().maxsize(3usize.into()).shards(4u16),
            ),
            ("name", Settings::new().name("a{b}")),
            ("name", Settings::new().name("a#12")),
            ("timeout", Settings::new().timeout(Duration::ZERO)),
            ("timeout", Settings::new().timeout(Duration::MAX)),
            ("ttl", Settings::new().ttl(Duration::ZERO)),
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
    fn a_ttl_longer_than_redis_counts_is_for_ever() {
        let ttl = |ttl| Settings::new().ttl(ttl).resolve("a::b").unwrap().ttl;
        assert_eq!(ttl(LONGEST_TTL), Some(LONGEST_TTL));
        assert_eq!(ttl(LONGEST_TTL + Duration::from_nanos(1)), None);
        assert_eq!(ttl(Duration::MAX), None);
    }

    #[test]
    fn a_password_is_never_shown() {
        let settings = Settings::new().url("redis://user:hunter2@localhost:1/3");
        let config = settings.resolve("a::b").unwrap();
        assert_eq!(config.topology.address(), "redis://localhost:1/3");
        assert!(!format!("{settings:?} {config:?}").contains("hunter2"));
    }
}
