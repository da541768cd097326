//! No way to a server at all.

use std::net::{Ipv4Addr, SocketAddr};

use cache_tests_support::{Fault, FaultProxy, RedisServer};
use redis_cache_runtime::CacheStatus;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use crate::rig::{BUDGET, Handler, RUNTIME};

fn are_never_in_the_way(handlers: &[Handler]) {
    for handler in handlers {
        handler.all(0..5, CacheStatus::ErrorOpen);
        handler.costs_nothing();
        assert!(handler.info().unavailable.is_some());
    }
}

#[test]
fn a_name_that_nobody_knows() {
    let url = "redis://no-such-host.invalid:6379".to_owned();
    are_never_in_the_way(&handlers!(url, "unknown-name", BUDGET));
}

#[test]
fn a_port_where_nobody_listens_at_first() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 2);
    proxy.set(&[Fault::Refuse]);
    let handlers = handlers!(proxy.url(), "refused", BUDGET);
    are_never_in_the_way(&handlers);
    proxy.lift();
    for handler in &handlers {
        handler.recovers();
    }
}

/// An address where the packets that would open a connection are lost.
struct BlackHole {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl BlackHole {
    /// A listener that accepts no connection: once its queue is full, the kernel drops the packets.
    async fn open() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(connected) = timeout(BUDGET * 2, TcpStream::connect(address)).await {
            waiting.push(connected.unwrap());
        }
        Self {
            address,
            _listener: listener,
            _waiting: waiting,
        }
    }
}

#[test]
fn an_address_that_swallows_packets() {
    let hole = RUNTIME.block_on(BlackHole::open());
    let url = format!("redis://{}", hole.address);
    are_never_in_the_way(&handlers!(url, "black-hole", BUDGET));
}
