use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use super::*;
use crate::eventually;

/// A server that echoes its input.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || std::io::copy(&mut &client, &mut &client));
        }
    });
    address
}

fn connect(proxy: &FaultProxy) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

fn send(mut stream: &TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
}

fn receive(mut stream: &TcpStream, len: usize) -> String {
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether nothing arrives for a moment.
fn is_silent(mut stream: &TcpStream) -> bool {
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let read = stream.read(&mut [0]);
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    read.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

fn exchange(proxy: &FaultProxy) -> Duration {
    let stream = connect(proxy);
    let began = Instant::now();
    send(&stream, "0123456789");
    assert_eq!(receive(&stream, 10), "0123456789");
    began.elapsed()
}

#[test]
fn bytes_go_through_and_may_be_late_and_in_pieces() {
    let proxy = FaultProxy::start(echo(), 1);
    exchange(&proxy);
    let ms = Duration::from_millis;
    for (fault, least) in [
        (Fault::Latency(ms(30)), ms(30)),
        (Fault::Jitter(ms(30)), ms(0)),
        (
            Fault::Slow {
                one_in: 1,
                by: ms(30),
            },
            ms(30),
        ),
        (
            Fault::Slice {
                direction: Direction::Replies,
                size: 1,
                pause: ms(2),
            },
            ms(18),
        ),
        (
            Fault::Slice {
                direction: Direction::Replies,
                size: 3,
                pause: ms(0),
            },
            ms(0),
        ),
        // Two bytes at a time, and ten milliseconds from one such piece to the next.
        (Fault::Bandwidth(200), ms(40)),
    ] {
        proxy.set(&[fault]);
        let took = exchange(&proxy);
        assert!(took >= least, "{took:?} with {fault:?}");
    }
    assert_eq!(proxy.accepted(), 7);
}

#[test]
fn what_hangs_goes_on_when_it_is_lifted() {
    let proxy = FaultProxy::start(echo(), 1);
    let stream = connect(&proxy);
    for fault in [Fault::Hang, Fault::Latency(DEADLINE * 2)] {
        proxy.set(&[fault]);
        send(&stream, "late");
        assert!(is_silent(&stream));
        proxy.lift();
        assert_eq!(receive(&stream, 4), "late");
    }
}

#[test]
fn what_is_lost_stays_lost() {
    let proxy = FaultProxy::start(echo(), 1);
    let stream = connect(&proxy);
    for direction in [Direction::Requests, Direction::Replies] {
        proxy.set(&[Fault::Drop(direction)]);
        send(&stream, "lost");
        assert!(is_silent(&stream));
        proxy.lift();
        send(&stream, "new");
        assert_eq!(receive(&stream, 3), "new");
    }
    proxy.freeze();
    send(&stream, "lost");
    assert!(is_silent(&stream));
    exchange(&proxy);
    proxy.lift();
    assert!(is_silent(&stream));
}

#[test]
fn a_connection_ends_where_it_is_told_to() {
    let proxy = FaultProxy::start(echo(), 1);
    for at in [0, 1, 7] {
        proxy.set(&[Fault::CloseAt(at)]);
        let mut stream = connect(&proxy);
        send(&stream, "0123456789");
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert_eq!(text, "0123456789"[..usize::try_from(at).unwrap()]);

        proxy.set(&[Fault::ResetAt(at)]);
        let mut stream = connect(&proxy);
        send(&stream, "0123456789");
        let reset = stream.read_to_string(&mut text).unwrap_err();
        assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    }
    proxy.lift();
    let mut stream = connect(&proxy);
    send(&stream, "0");
    receive(&stream, 1);
    proxy.cut();
    let reset = stream.read(&mut [0]).unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn one_bit_of_one_byte_is_damaged() {
    let proxy = FaultProxy::start(echo(), 1);
    let stream = connect(&proxy);
    send(&stream, "before");
    receive(&stream, 6);
    proxy.set(&[
        Fault::CorruptAt(4),
        Fault::Slice {
            direction: Direction::Replies,
            size: 3,
            pause: Duration::ZERO,
        },
    ]);
    send(&stream, "0123456789");
    let mut bytes = [0; 10];
    (&stream).read_exact(&mut bytes).unwrap();
    let wrong = |at: &usize| bytes[*at] != b"0123456789"[*at];
    assert_eq!((0..10).filter(wrong).collect::<Vec<_>>(), [4]);
    assert_eq!((bytes[4] ^ b'4').count_ones(), 1);
}

#[test]
fn nobody_listens_for_a_while() {
    let proxy = FaultProxy::start(echo(), 1);
    let before = connect(&proxy);
    // A connection that is not accepted yet ends with the listener.
    send(&before, "accepted");
    receive(&before, 8);
    proxy.set(&[Fault::Refuse]);
    let refused = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    send(&before, "still");
    assert_eq!(receive(&before, 5), "still");
    proxy.lift();
    exchange(&proxy);
}

#[test]
fn a_dropped_proxy_leaves_nothing_behind() {
    let proxy = FaultProxy::start(echo(), 1);
    let mut stream = connect(&proxy);
    let port = proxy.port;
    drop(proxy);
    assert!(!matches!(stream.read(&mut [0]), Ok(1..)));
    eventually(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
}
