//! The socket of a wire, and how it begins.

use std::io::{self, ErrorKind};

use redis::{ConnectionAddr, ConnectionInfo, RedisError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_util::either::Either;

use super::{
    super::{
        decoder::{Decoder, Taken},
        login,
        reply::Reply,
    },
    READ,
};

/// What is read and written.
#[cfg(unix)]
pub(in crate::conn) type Stream = Either<TcpStream, tokio::net::UnixStream>;
#[cfg(not(unix))]
pub(in crate::conn) type Stream = Either<TcpStream, TcpStream>;

/// Connects and logs in.
pub(in crate::conn) async fn connect(server: &ConnectionInfo) -> Result<Stream, RedisError> {
    let mut stream = match server.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            login::prepare(&stream)?;
            Stream::Left(stream)
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => Stream::Right(tokio::net::UnixStream::connect(path).await?),
        _ => return Err(io::Error::from(ErrorKind::Unsupported).into()),
    };
    for command in login::commands(server) {
        let reply = tell(&mut stream, &command.get_packed_command()).await?;
        reply.obeyed()?;
    }
    let question = login::question().get_packed_command();
    tell(&mut stream, &question).await?.admits()?;
    Ok(stream)
}

/// Sends one command and waits for its reply.
async fn tell(stream: &mut Stream, packed: &[u8]) -> Result<Reply, RedisError> {
    stream.write_all(packed).await?;
    let mut decoder = Decoder::default();
    loop {
        if let Taken::Reply(reply) = decoder.take(|_push| {})? {
            return Ok(reply);
        }
        decoder.reserve(READ);
        if stream.read_buf(&mut decoder.buffer).await? == 0 {
            return Err(end_of_file());
        }
    }
}

pub(super) fn end_of_file() -> RedisError {
    io::Error::from(ErrorKind::UnexpectedEof).into()
}
