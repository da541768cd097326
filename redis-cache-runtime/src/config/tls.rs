//! Certificates for connections over TLS.

use redis::ConnectionInfo;

use super::{builder::Tls, environment::Environment};
use crate::outcome::Error;

/// The first line of a certificate in PEM. The library takes a file without certificates for an empty list, and trusts no server.
#[cfg(feature = "tls")]
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Adds certificates to a connection over TLS: those of the environment, else those of the `Config`. Without either the
/// connection trusts the system's authorities.
#[cfg(feature = "tls")]
pub(super) fn apply(
    connection: ConnectionInfo,
    given: &Tls,
    environment: &Environment,
) -> Result<ConnectionInfo, Error> {
    use redis::{Client, ClientTlsConfig, ConnectionAddr, TlsCertificates};

    use super::settings::invalid;

    if !matches!(connection.addr(), ConnectionAddr::TcpTls { .. }) {
        return Ok(connection);
    }
    // rustls panics if a second crate brings a provider and the application has chosen none. The check before the installation
    // takes no lock, which a fork could have left held.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        _ = rustls::crypto::ring::default_provider().install_default();
    }
    let authorities = environment.tls_ca.as_ref().map(read).transpose()?;
    let client = match (&environment.tls_cert, &environment.tls_key) {
        (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
        (None, None) => given.client.clone(),
        (Some(_), None) => return Err(invalid("HANDLER_CACHE_TLS_KEY", "the certificate's key")),
        (None, Some(_)) => return Err(invalid("HANDLER_CACHE_TLS_CERT", "the key's certificate")),
    };
    let certificates = TlsCertificates {
        client_tls: client.map(|(client_cert, client_key)| ClientTlsConfig {
            client_cert,
            client_key,
        }),
        root_cert: authorities.or_else(|| given.authorities.clone()),
    };
    let is_pem = |pem: &Vec<u8>| pem.windows(PEM.len()).any(|line| line == PEM);
    let shown = certificates
        .client_tls
        .as_ref()
        .map(|client| &client.client_cert);
    if !certificates.root_cert.iter().chain(shown).all(is_pem) {
        return Err(invalid("tls", "certificates and a key in PEM"));
    }
    if certificates.root_cert.is_none() && certificates.client_tls.is_none() {
        return Ok(connection);
    }
    Client::build_with_tls(connection, certificates)
        .map(|client| client.get_connection_info().clone())
        .map_err(|_| invalid("tls", "certificates and a key in PEM"))
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
    _given: &Tls,
    _environment: &Environment,
) -> Result<ConnectionInfo, Error> {
    Ok(connection)
}
