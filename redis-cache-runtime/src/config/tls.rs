//! Certificates for connections over TLS.

use redis::ConnectionInfo;

use super::environment::Environment;
use crate::error::Error;

/// Gives a connection over TLS the certificates that the environment names; the system's authorities are trusted where
/// it names none.
#[cfg(feature = "tls")]
pub(super) fn apply(
    connection: ConnectionInfo,
    environment: &Environment,
) -> Result<ConnectionInfo, Error> {
    use redis::{Client, ClientTlsConfig, ConnectionAddr, TlsCertificates};

    use super::settings::invalid;

    if !matches!(connection.addr(), ConnectionAddr::TcpTls { .. }) {
        return Ok(connection);
    }
    // Where other crates bring a second provider, rustls panics unless one has been chosen. An application's own choice
    // comes first.
    _ = rustls::crypto::ring::default_provider().install_default();
    let root_cert = environment.tls_ca.as_ref().map(read).transpose()?;
    let client_tls = match (&environment.tls_cert, &environment.tls_key) {
        (Some(cert), Some(key)) => Some(ClientTlsConfig {
            client_cert: read(cert)?,
            client_key: read(key)?,
        }),
        (None, None) => None,
        (Some(_), None) => return Err(invalid("HANDLER_CACHE_TLS_KEY", "the certificate's key")),
        (None, Some(_)) => return Err(invalid("HANDLER_CACHE_TLS_CERT", "the key's certificate")),
    };
    if root_cert.is_none() && client_tls.is_none() {
        return Ok(connection);
    }
    Client::build_with_tls(
        connection,
        TlsCertificates {
            client_tls,
            root_cert,
        },
    )
    .map(|client| client.get_connection_info().clone())
    .map_err(|_| invalid("HANDLER_CACHE_TLS_*", "certificates and a key in PEM"))
}

#[cfg(feature = "tls")]
fn read(variable: &super::environment::Variable) -> Result<Vec<u8>, Error> {
    std::fs::read(&variable.value)
        .map_err(|error| super::settings::invalid(variable.name, "a file").with_source(error))
}

#[cfg(not(feature = "tls"))]
#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
pub(super) fn apply(
    connection: ConnectionInfo,
    _environment: &Environment,
) -> Result<ConnectionInfo, Error> {
    Ok(connection)
}
