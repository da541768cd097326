//! Whether a server that does not answer over TLS would answer without.

use std::time::Duration;

use redis::{Client, ConnectionAddr, ErrorKind, RedisError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// The longest that the check may take.
const PROBE: Duration = Duration::from_millis(300);

/// The failed attempt's `error`, or a clearer one if the server does not speak TLS.
pub(super) async fn explained(error: RedisError, place: &Client) -> RedisError {
    let ConnectionAddr::TcpTls { host, port, .. } = place.get_connection_info().addr() else {
        return error;
    };
    // A server that has shown its certificate speaks TLS, and so does one that has answered.
    if error.code().is_some() || error.to_string().contains("certificate") {
        return error;
    }
    match timeout(PROBE, answers(host, *port)).await {
        Ok(Ok(true)) => RedisError::from((
            ErrorKind::Io,
            "the server does not speak TLS at this port: write `redis://`, or the port where it does",
        )),
        _ => error,
    }
}

async fn answers(host: &str, port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((host, port)).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut first = [0];
    stream.read_exact(&mut first).await?;
    Ok(matches!(first, [b'+' | b'-']))
}
