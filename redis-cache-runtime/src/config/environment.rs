//! The `HANDLER_CACHE_*` variables, read once a process.

use std::env;

use super::settings::invalid;
use crate::{outcome::Error, process::per_process::PerProcess, value::envelope::Seal};

/// The variables as they were when the first cache was opened.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) url: Option<Variable>,
    pub(super) host: Option<Variable>,
    pub(super) port: Option<Variable>,
    pub(super) db: Option<Variable>,
    pub(super) timeout: Option<Variable>,
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only TLS needs it"))]
    pub(super) tls_ca: Option<Variable>,
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only TLS needs it"))]
    pub(super) tls_cert: Option<Variable>,
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only TLS needs it"))]
    pub(super) tls_key: Option<Variable>,
    /// Made of `HANDLER_CACHE_SECRET`.
    pub(super) seal: Option<Seal>,
}

/// One variable. Its value may hold a secret, so it is never shown.
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) value: String,
}

impl std::fmt::Debug for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=…", self.name)
    }
}

impl Variable {
    /// An empty variable counts as not set, as with most programs. A variable that is not UTF-8 is an error: with its wrong bytes
    /// replaced, two secrets could become one.
    fn read(name: &'static str) -> Result<Option<Self>, Wrong> {
        let Some(value) = env::var_os(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let value = value.into_string().map_err(|_| Wrong { name })?;
        Ok(Some(Self { name, value }))
    }
}

/// The name of a variable that is not UTF-8.
#[derive(Debug)]
struct Wrong {
    name: &'static str,
}

impl Environment {
    /// The variables of this process.
    ///
    /// # Errors
    ///
    /// [`Error`] names the variable that is not UTF-8. No cache opens then.
    pub(super) fn get() -> Result<&'static Self, Error> {
        static ENVIRONMENT: PerProcess<Reading> = PerProcess::new();
        match &ENVIRONMENT.get().0 {
            Ok(environment) => Ok(environment),
            Err(Wrong { name }) => Err(invalid(name, "text in UTF-8")),
        }
    }

    fn read() -> Result<Self, Wrong> {
        let secret = Variable::read("HANDLER_CACHE_SECRET")?;
        Ok(Self {
            url: Variable::read("HANDLER_CACHE_URL")?,
            host: Variable::read("HANDLER_CACHE_HOST")?,
            port: Variable::read("HANDLER_CACHE_PORT")?,
            db: Variable::read("HANDLER_CACHE_DB")?,
            timeout: Variable::read("HANDLER_CACHE_TIMEOUT")?,
            tls_ca: Variable::read("HANDLER_CACHE_TLS_CA")?,
            tls_cert: Variable::read("HANDLER_CACHE_TLS_CERT")?,
            tls_key: Variable::read("HANDLER_CACHE_TLS_KEY")?,
            seal: secret.map(|secret| Seal::new(Some(&secret.value))),
        })
    }
}

struct Reading(Result<Environment, Wrong>);

impl Default for Reading {
    fn default() -> Self {
        Self(Environment::read())
    }
}
