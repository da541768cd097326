//! The login of connections that only look up.

use std::io;

use redis::{
    Cmd, ConnectionAddr, ConnectionInfo,
    io::tcp::socket2::{SockRef, TcpKeepalive},
};

use crate::limits::SILENCE;

/// Whether this crate can connect by itself: TLS is left to the client library.
pub(super) fn is_possible(server: &ConnectionInfo) -> bool {
    let is_socket = cfg!(unix) && matches!(server.addr(), ConnectionAddr::Unix(_));
    is_socket || matches!(server.addr(), ConnectionAddr::Tcp(..))
}

/// The commands of the login. Each has a reply of one line.
pub(super) fn commands(server: &ConnectionInfo) -> Vec<Cmd> {
    let settings = server.redis_settings();
    let mut commands = Vec::new();
    if let Some(password) = settings.password() {
        let mut login = redis::cmd("AUTH");
        if let Some(user) = settings.username() {
            login.arg(user);
        }
        login.arg(password);
        commands.push(login);
    }
    if settings.db() != 0 {
        commands.push(redis::cmd("SELECT").arg(settings.db()).to_owned());
    }
    commands
}

/// The last command of the login: a server with too many clients accepts a connection, sends an error unasked, and closes it.
pub(super) fn question() -> Cmd {
    redis::cmd("PING")
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
