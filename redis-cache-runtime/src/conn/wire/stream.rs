//! The socket of a wire.

use std::io::{self, ErrorKind};

use redis::{ConnectionAddr, RedisError};
use tokio::net::TcpStream;
use tokio_util::either::Either;

use super::super::login;

/// A socket.
#[cfg(unix)]
pub(super) type Stream = Either<TcpStream, tokio::net::UnixStream>;
#[cfg(not(unix))]
pub(super) type Stream = Either<TcpStream, TcpStream>;

pub(super) async fn connect(address: &ConnectionAddr) -> io::Result<Stream> {
    Ok(match address {
        ConnectionAddr::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            login::prepare(&stream)?;
            Stream::Left(stream)
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => Stream::Right(tokio::net::UnixStream::connect(path).await?),
        _ => return Err(ErrorKind::Unsupported.into()),
    })
}

pub(super) fn end_of_file() -> RedisError {
    io::Error::from(ErrorKind::UnexpectedEof).into()
}
