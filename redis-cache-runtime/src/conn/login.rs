//! What connections that are made by hand have in common: the sockets that they can be made through.

use std::io;

use redis::{
    ConnectionAddr, ConnectionInfo,
    io::tcp::socket2::{SockRef, TcpKeepalive},
};

use crate::limits::SILENCE;

/// Whether this crate can connect by itself: TLS is left to the client library.
pub(super) fn is_possible(server: &ConnectionInfo) -> bool {
    let is_socket = cfg!(unix) && matches!(server.addr(), ConnectionAddr::Unix(_));
    is_socket || matches!(server.addr(), ConnectionAddr::Tcp(..))
}

/// Sets the options that the client library sets on its own sockets.
#[cfg(unix)]
pub(super) fn prepare(socket: &impl std::os::fd::AsFd) -> io::Result<()> {
    prepare_socket(&SockRef::from(socket))
}

/// Sets the options that the client library sets on its own sockets.
#[cfg(windows)]
pub(super) fn prepare(socket: &impl std::os::windows::io::AsSocket) -> io::Result<()> {
    prepare_socket(&SockRef::from(socket))
}

fn prepare_socket(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(SILENCE)
        .with_interval(SILENCE);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_user_timeout(Some(SILENCE))?;
    Ok(())
}
