//! An endpoint, credentials and certificates that a program sets in code.

use std::fmt;

use crate::value::envelope::Seal;

/// Where a cache lives and how it is reached, put together in code: from a program's own configuration file, say.
///
/// A handler gets it by `config = …`. The `HANDLER_CACHE_*` variables override it, as they override `url = …`.
///
/// ```
/// use redis_cache_runtime::{Config, handler_cache};
///
/// fn redis() -> Config {
///     Config::new("rediss://cache.internal:6379").credentials("app", "from a vault")
/// }
///
/// #[handler_cache(config = redis(), maxsize = 10_000)]
/// fn double(n: u32) -> u32 {
///     n * 2
/// }
/// ```
///
/// `Debug`, log lines and errors show none of its values.
#[derive(Clone, Default)]
#[must_use]
pub struct Config {
    pub(super) url: String,
    pub(super) credentials: Option<Credentials>,
    pub(super) tls: Tls,
    secret: Option<String>,
}

/// A user of Redis.
#[derive(Clone)]
pub(super) struct Credentials {
    /// Empty for the default user.
    pub(super) user: String,
    pub(super) password: String,
}

/// The certificates of connections over TLS, in PEM.
#[derive(Clone, Default)]
pub(super) struct Tls {
    pub(super) authorities: Option<Vec<u8>>,
    /// A certificate and its key.
    pub(super) client: Option<(Vec<u8>, Vec<u8>)>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Config(…)")
    }
}

impl Config {
    /// A Redis at `url`, written as in `url = …`: one server, several of a cluster, or sentinels. It is checked when the
    /// first handler that uses it is called.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }

    /// Logs in as `user` instead of the URL's user. An empty name is the default user.
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some(Credentials {
            user: user.into(),
            password: password.into(),
        });
        self
    }

    /// Trusts these authorities, certificates in PEM, instead of the system's.
    pub fn tls_authorities(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.authorities = Some(pem.into());
        self
    }

    /// Shows this certificate, with its key, to the server; both in PEM.
    pub fn tls_client(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.tls.client = Some((certificate.into(), key.into()));
        self
    }

    /// The key of the check on stored values, as `HANDLER_CACHE_SECRET`. A client that can write to Redis but does not know the
    /// secret can't plant a value. Another secret is a cold cache.
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    pub(super) fn without_credentials(mut self) -> Self {
        self.credentials = None;
        self
    }

    /// The same digest for the same certificates.
    pub(super) fn tls_digest(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        let client = self.tls.client.as_ref();
        let parts = [
            self.tls.authorities.as_ref(),
            client.map(|(certificate, _)| certificate),
            client.map(|(_, key)| key),
        ];
        for part in parts {
            let bytes = part.map_or(&[][..], Vec::as_slice);
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        hasher.finalize()
    }

    pub(super) fn seal(&self) -> Option<Seal> {
        self.secret.as_deref().map(|secret| Seal::new(Some(secret)))
    }
}
