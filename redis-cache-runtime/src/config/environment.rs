//! The `HANDLER_CACHE_*` variables, read once a process.

use std::{env, sync::LazyLock};

use crate::envelope::Seal;

/// What the environment says, as it was when the first cache was opened.
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
    /// Where there is a secret.
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
    /// A variable that is set but empty counts as not set, as with most programs.
    fn read(name: &'static str) -> Option<Self> {
        let value = env::var_os(name)?.to_string_lossy().into_owned();
        (!value.is_empty()).then_some(Self { name, value })
    }
}

impl Environment {
    pub(super) fn get() -> &'static Self {
        static ENVIRONMENT: LazyLock<Environment> = LazyLock::new(Environment::read);
        &ENVIRONMENT
    }

    fn read() -> Self {
        let secret = Variable::read("HANDLER_CACHE_SECRET");
        Self {
            url: Variable::read("HANDLER_CACHE_URL"),
            host: Variable::read("HANDLER_CACHE_HOST"),
            port: Variable::read("HANDLER_CACHE_PORT"),
            db: Variable::read("HANDLER_CACHE_DB"),
            timeout: Variable::read("HANDLER_CACHE_TIMEOUT"),
            tls_ca: Variable::read("HANDLER_CACHE_TLS_CA"),
            tls_cert: Variable::read("HANDLER_CACHE_TLS_CERT"),
            tls_key: Variable::read("HANDLER_CACHE_TLS_KEY"),
            seal: secret.map(|secret| Seal::new(Some(&secret.value))),
        }
    }
}
