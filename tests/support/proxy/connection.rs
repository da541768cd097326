//! One connection through the proxy.

use std::net::SocketAddr;

use fastrand::Rng;
use tokio::{net::TcpStream, sync::watch};

use super::{
    Direction,
    fault::{End, Setting},
    pipe::Pipe,
};

/// Forwards until one side closes, or a fault ends it.
pub(super) async fn serve(
    mut client: TcpStream,
    target: SocketAddr,
    settings: watch::Receiver<Setting>,
    mut chance: Rng,
) {
    let end = match TcpStream::connect(target).await {
        Ok(server) => forward(&mut client, server, settings, &mut chance).await,
        Err(_) => End::Reset,
    };
    if end == End::Reset {
        // A socket that does not linger is reset when it is closed.
        _ = client.set_zero_linger();
    }
}

async fn forward(
    client: &mut TcpStream,
    mut server: TcpStream,
    settings: watch::Receiver<Setting>,
    chance: &mut Rng,
) -> End {
    for socket in [&*client, &server] {
        _ = socket.set_nodelay(true);
    }
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let requests = Pipe::new(Direction::Requests, settings.clone(), chance.fork());
    let replies = Pipe::new(Direction::Replies, settings.clone(), chance.fork());
    tokio::select! {
        end = requests.run(from_client, to_server) => end,
        end = replies.run(from_server, to_client) => end,
        () = cut(settings) => End::Reset,
    }
}

async fn cut(mut settings: watch::Receiver<Setting>) {
    let before = settings.borrow().cuts;
    // An error means that the proxy has gone, and that is a cut too.
    _ = settings.wait_for(|setting| setting.cuts > before).await;
}
