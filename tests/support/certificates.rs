//! Certificates for one server and its clients, from an authority of their own.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

const VALID: &str = "the parameters of the certificate are valid";

/// A certificate and its private key, as PEM.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// The certificates and keys for both sides of a TLS connection.
#[derive(Clone, Debug)]
pub(crate) struct Certificates {
    /// The authority's certificate, as PEM.
    pub(crate) ca: String,
    /// Of `localhost` and `127.0.0.1`.
    pub(crate) server: Identity,
    pub(crate) client: Identity,
}

impl Certificates {
    pub(crate) fn generate() -> Self {
        let ca = authority();
        Self {
            server: identity(&ca, "server", ExtendedKeyUsagePurpose::ServerAuth),
            client: identity(&ca, "client", ExtendedKeyUsagePurpose::ClientAuth),
            ca: ca.pem(),
        }
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = params("authority", &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, key()).expect(VALID)
}

fn identity(
    ca: &CertifiedIssuer<'_, KeyPair>,
    name: &str,
    usage: ExtendedKeyUsagePurpose,
) -> Identity {
    let mut params = params(name, &["localhost", "127.0.0.1"]);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    let key = key();
    let certificate = params.signed_by(&key, ca).expect(VALID);
    Identity {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

fn params(name: &str, alternative_names: &[&str]) -> CertificateParams {
    let alternative_names: Vec<String> =
        alternative_names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(alternative_names).expect(VALID);
    params
        .distinguished_name
        .push(DnType::CommonName, format!("cache-tests {name}"));
    params
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the system has random numbers")
}
