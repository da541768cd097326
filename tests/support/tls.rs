//! A `redis-server` that speaks TLS only.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::certificates::Certificates;
use crate::port::free_port;
use crate::server::RedisServer;
use crate::setup::Setup;
use crate::user::User;
use crate::wait::{DEADLINE, holds_within};

const TIMEOUT: Duration = Duration::from_secs(1);

const CA: &str = "ca.crt";
const SERVER_CERTIFICATE: &str = "server.crt";
const SERVER_KEY: &str = "server.key";
const CLIENT_CERTIFICATE: &str = "client.crt";
const CLIENT_KEY: &str = "client.key";

/// A real `redis-server` on a free loopback port that only takes TLS connections, with a
/// certificate of `localhost` and `127.0.0.1` from an authority of its own.
///
/// Its Unix socket takes plain connections, so that [`server`](Self::server) can look into it. The
/// files of the certificates are gone while the server is killed, and back, the same, when it is
/// restarted.
#[derive(Debug)]
pub struct TlsRedis {
    server: RedisServer,
    port: u16,
}

impl TlsRedis {
    /// Starts a server that takes every client.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&["--tls-auth-clients", "no"])
    }

    /// Starts a server that takes clients with a certificate of its authority only.
    #[must_use]
    pub fn start_mutual() -> Self {
        Self::start_with(&["--tls-auth-clients", "yes"])
    }

    fn start_with(args: &[&str]) -> Self {
        let certificates = Certificates::generate();
        let mut port = 0;
        let server = RedisServer::launch(|| {
            port = free_port();
            setup(port, args, &certificates)
        });
        let ready = holds_within(DEADLINE, || answers(port, &certificates));
        assert!(ready, "no answer over TLS on port {port}");
        Self { server, port }
    }

    /// The port that the server listens on, with TLS.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's URL, of db 0: `rediss://localhost:…`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("rediss://localhost:{}", self.port)
    }

    /// [`url`](Self::url) with a user's name and password.
    #[must_use]
    pub fn url_as(&self, name: &str, password: &str) -> String {
        User::new(name, password, "").in_url(&self.url())
    }

    /// PEM file of the authority's certificate, which signed the others.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.server.dir().join(CA)
    }

    /// PEM file of the client's certificate.
    #[must_use]
    pub fn client_certificate(&self) -> PathBuf {
        self.server.dir().join(CLIENT_CERTIFICATE)
    }

    /// PEM file of the client's private key.
    #[must_use]
    pub fn client_key(&self) -> PathBuf {
        self.server.dir().join(CLIENT_KEY)
    }

    /// The server, to look into it, past TLS, and to add users.
    #[must_use]
    pub fn server(&self) -> &RedisServer {
        &self.server
    }

    /// The server, to kill and restart it.
    pub fn server_mut(&mut self) -> &mut RedisServer {
        &mut self.server
    }
}

fn setup(port: u16, args: &[&str], certificates: &Certificates) -> Setup {
    let tls_port = port.to_string();
    let tls = [
        ["--tls-port", &tls_port],
        ["--tls-ca-cert-file", CA],
        ["--tls-cert-file", SERVER_CERTIFICATE],
        ["--tls-key-file", SERVER_KEY],
    ];
    Setup::new(0, &[tls.as_flattened(), args].concat())
        .file(CA, &certificates.ca)
        .file(SERVER_CERTIFICATE, &certificates.server.certificate)
        .file(SERVER_KEY, &certificates.server.key)
        .file(CLIENT_CERTIFICATE, &certificates.client.certificate)
        .file(CLIENT_KEY, &certificates.client.key)
}

fn answers(port: u16, certificates: &Certificates) -> bool {
    let Ok(socket) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let name = ServerName::try_from("localhost").expect("`localhost` is a name");
    let session = ClientConnection::new(Arc::new(client_config(certificates)), name)
        .expect("the configuration fits the name");
    let mut reply = [0; 5];
    socket.set_read_timeout(Some(TIMEOUT)).is_ok() && {
        let mut stream = StreamOwned::new(session, socket);
        stream.write_all(b"PING\r\n").is_ok()
            && stream.read_exact(&mut reply).is_ok()
            && &reply == b"+PONG"
    }
}

/// Names its provider, so that a test finds the process's default one as its own code leaves it.
fn client_config(certificates: &Certificates) -> ClientConfig {
    const VALID: &str = "generated certificates are valid";
    let certificate = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).expect(VALID);
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&certificates.ca)).expect(VALID);
    let client = &certificates.client;
    let key = PrivateKeyDer::from_pem_slice(client.key.as_bytes()).expect(VALID);
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("`ring` has what TLS needs")
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate(&client.certificate)], key)
        .expect(VALID)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use redis::{
        Client, ClientTlsConfig, Commands, Connection, IntoConnectionInfo, RedisResult,
        TlsCertificates,
    };

    use super::*;
    use crate::LEAST_PRIVILEGE;

    fn connect(
        url: String,
        root: bool,
        client: Option<&TlsRedis>,
        redis: &TlsRedis,
    ) -> RedisResult<Connection> {
        let client_tls = client.map(|redis| ClientTlsConfig {
            client_cert: fs::read(redis.client_certificate()).unwrap(),
            client_key: fs::read(redis.client_key()).unwrap(),
        });
        let root_cert = root.then(|| fs::read(redis.ca()).unwrap());
        let certificates = TlsCertificates {
            client_tls,
            root_cert,
        };
        let mut connection =
            Client::build_with_tls(url.into_connection_info()?, certificates)?.get_connection()?;
        // With TLS 1.3 a refused certificate shows at the first reply.
        redis::cmd("PING").exec(&mut connection)?;
        Ok(connection)
    }

    #[test]
    fn values_go_through_tls_and_nothing_else() {
        let redis = TlsRedis::start();
        let mut connection = connect(redis.url(), true, None, &redis).unwrap();
        let () = connection.set("a", 1).unwrap();
        let found: Option<u32> = redis.server().connection().get("a").unwrap();
        assert_eq!(found, Some(1));
        assert!(
            connect(redis.url(), false, None, &redis).is_err(),
            "an unknown authority"
        );
        let plain = format!("redis://127.0.0.1:{}", redis.port());
        assert!(Client::open(plain).unwrap().get_connection().is_err());
    }

    #[test]
    fn a_mutual_server_wants_a_certificate_of_its_authority() {
        let redis = TlsRedis::start_mutual();
        let other = TlsRedis::start();
        assert!(connect(redis.url(), true, Some(&redis), &redis).is_ok());
        assert!(connect(redis.url(), true, Some(&other), &redis).is_err());
        assert!(connect(redis.url(), true, None, &redis).is_err());
    }

    #[test]
    fn users_and_certificates_outlive_a_restart() {
        let mut redis = TlsRedis::start();
        redis.server().add_user("app", "secret", LEAST_PRIVILEGE);
        let ca = fs::read(redis.ca()).unwrap();
        redis.server_mut().restart();
        assert_eq!(fs::read(redis.ca()).unwrap(), ca);
        let url = redis.url_as("app", "secret");
        let mut connection = connect(url, true, None, &redis).unwrap();
        let () = connection.set("hc:{a}:v:1", 1).unwrap();
    }
}
