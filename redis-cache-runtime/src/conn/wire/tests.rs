mod greeting;
mod many;
mod pushes;
mod requests;

use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    spawn,
    task::JoinHandle,
};

use super::*;
use crate::outcome::Lookup;

/// More than a socket takes at once.
const LONG: usize = 1024 * 1024;

#[tokio::test]
async fn what_is_asked_goes_out_in_order_however_much_a_write_takes() {
    let (wire, mut theirs, _drive) = driven();
    let mut expected = Vec::new();
    let mut pending = Vec::new();
    for (n, len) in [LONG, 3, LONG, 1, 2].into_iter().enumerate() {
        let key = n.to_string().repeat(len);
        expected.extend(format!("*2\r\n$3\r\nGET\r\n${len}\r\n{key}\r\n").into_bytes());
        pending.push(wire.get(&key).unwrap());
    }
    let mut asked = vec![0; expected.len()];
    theirs.read_exact(&mut asked).await.unwrap();
    assert!(asked == expected);
    theirs.write_all(&b"$-1\r\n".repeat(5)).await.unwrap();
    for reply in pending {
        assert!(matches!(reply.await.unwrap().answer(), Ok(Lookup::Absent)));
    }
}

#[tokio::test]
async fn who_asks_where_nobody_reads_any_more_is_told_so() {
    let (wire, theirs, drive) = driven();
    drop(theirs);
    let reply = wire.get("key");
    assert!(drive.await.unwrap().is_err());
    wire.close();
    if let Some(reply) = reply {
        assert!(reply.await.is_none());
    }
    assert!(wire.get("key").is_none());
}

/// A wire, its other end, and what drives it.
type Driven = (Arc<Wire>, UnixStream, JoinHandle<Result<(), RedisError>>);

fn driven() -> Driven {
    listening(None)
}

fn listening(listener: Listener) -> Driven {
    let (ours, theirs) = UnixStream::pair().expect("two ends");
    let wire = Arc::new(Wire::new(Stream::Right(ours), listener));
    let driven = Arc::clone(&wire);
    let drive = spawn(async move { driven.drive().await });
    (wire, theirs, drive)
}

/// [`driven`], and the driver sleeps.
async fn quiet() -> Driven {
    let driven = driven();
    while !driven.0.state().is_quiet() {
        yield_now().await;
    }
    driven
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

async fn assert_asked(stream: &mut UnixStream, keys: &[&str]) {
    let mut requests = BytesMut::new();
    for key in keys {
        let asked = loop {
            if let Some(asked) = take_key(&mut requests) {
                break asked;
            }
            let read = stream.read_buf(&mut requests).await;
            assert!(matches!(read, Ok(1..)), "{read:?}");
        };
        assert_eq!(asked, format!("${}\r\n{key}\r\n", key.len()));
    }
    assert!(requests.is_empty());
}

fn assert_is(reply: Option<Reply>, value: &str) {
    let answer = reply.map(Reply::answer);
    assert!(matches!(answer, Some(Ok(Lookup::Found(found))) if found == value));
}

#[tokio::test]
async fn who_asks_alone_wakes_nobody_else() {
    let (wire, mut theirs, _drive) = quiet().await;
    for _ in 0..3 {
        let mut alone = pin!(wire.get("a").unwrap());
        assert!(poll_once(alone.as_mut()).is_pending());
        assert_asked(&mut theirs, &["a"]).await;
        theirs.write_all(b"$1\r\nA\r\n").await.unwrap();
        assert_is(alone.await, "A");
        assert!(wire.state().is_quiet());
    }
}

/// Counts how often it wakes, and how often under one of the wire's locks.
struct Counting {
    wire: Arc<Wire>,
    wakes: AtomicUsize,
    under_lock: AtomicUsize,
}

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
        let is_free = self.wire.state.try_lock().is_ok() && self.wire.socket.try_lock().is_ok();
        self.under_lock
            .fetch_add(usize::from(!is_free), Ordering::Relaxed);
    }
}

#[tokio::test]
async fn who_asks_alone_is_woken_once() {
    let (wire, mut theirs, _drive) = quiet().await;
    let counting = Arc::new(Counting {
        wire: Arc::clone(&wire),
        wakes: AtomicUsize::new(0),
        under_lock: AtomicUsize::new(0),
    });
    let waker = Waker::from(Arc::clone(&counting));
    let mut context = Context::from_waker(&waker);
    let woken = || counting.wakes.load(Ordering::Relaxed);
    let mut alone = pin!(wire.get("a").unwrap());
    assert!(alone.as_mut().poll(&mut context).is_pending());
    theirs.write_all(b"$1\r\nA\r\n").await.unwrap();
    while woken() == 0 {
        yield_now().await;
    }
    let Poll::Ready(reply) = alone.as_mut().poll(&mut context) else {
        panic!("it was woken for the reply");
    };
    assert_is(reply, "A");
    assert_eq!(
        (woken(), counting.under_lock.load(Ordering::Relaxed)),
        (1, 0)
    );
}

#[tokio::test]
async fn who_was_alone_is_answered_also_when_others_come() {
    let (wire, mut theirs, _drive) = quiet().await;
    let mut first = pin!(wire.get("a").unwrap());
    assert!(poll_once(first.as_mut()).is_pending());
    let second = wire.get("b").unwrap();
    let never_polled = wire.get("c").unwrap();
    assert_asked(&mut theirs, &["a", "b", "c"]).await;
    theirs
        .write_all(b"$1\r\nA\r\n$1\r\nB\r\n$1\r\nC\r\n")
        .await
        .unwrap();
    assert_is(second.await, "B");
    assert_is(first.await, "A");
    assert_is(never_polled.await, "C");
}

#[tokio::test]
async fn the_reply_to_one_who_was_alone_and_has_gone_is_nobody_elses() {
    let (wire, mut theirs, _drive) = quiet().await;
    drop(wire.get("a").unwrap());
    assert_asked(&mut theirs, &["a"]).await;
    while !wire.state().is_asleep() {
        yield_now().await;
    }
    let next = wire.get("b").unwrap();
    assert_asked(&mut theirs, &["b"]).await;
    theirs.write_all(b"$1\r\nA\r\n$1\r\nB\r\n").await.unwrap();
    assert_is(next.await, "B");

    let mut sent = Box::pin(wire.get("c").unwrap());
    assert!(poll_once(sent.as_mut()).is_pending());
    assert_asked(&mut theirs, &["c"]).await;
    drop(sent);
    let next = wire.get("d").unwrap();
    assert_asked(&mut theirs, &["d"]).await;
    theirs.write_all(b"$1\r\nC\r\n$1\r\nD\r\n").await.unwrap();
    assert_is(next.await, "D");
}

/// Nobody reads between two who ask alone.
#[tokio::test]
async fn what_came_unasked_is_no_reply_to_who_asks_next() {
    let (wire, mut theirs, drive) = quiet().await;
    let mut alone = pin!(wire.get("a").unwrap());
    assert!(poll_once(alone.as_mut()).is_pending());
    theirs.write_all(b"$1\r\nA\r\n").await.unwrap();
    assert_is(alone.await, "A");
    theirs.write_all(b"$1\r\nX\r\n").await.unwrap();
    yield_now().await;
    assert!(wire.get("b").unwrap().await.is_none());
    assert!(drive.await.unwrap().is_err());

    let (wire, mut theirs, drive) = quiet().await;
    let mut alone = pin!(wire.get("a").unwrap());
    assert!(poll_once(alone.as_mut()).is_pending());
    theirs.write_all(b"$1\r\nA\r\n$1\r\nX\r\n").await.unwrap();
    assert!(alone.await.is_none());
    assert!(drive.await.unwrap().is_err());
}

#[tokio::test]
async fn a_part_of_a_reply_that_came_unasked_ends_the_wire() {
    let (wire, mut theirs, drive) = quiet().await;
    theirs.write_all(b"$1\r\n").await.unwrap();
    for _ in 0..3 {
        yield_now().await;
    }
    assert!(wire.get("b").unwrap().await.is_none());
    assert!(drive.await.unwrap().is_err());
}

#[tokio::test]
async fn a_reply_that_comes_before_the_request_has_gone_out_is_none() {
    let (wire, mut theirs, drive) = quiet().await;
    let mut alone = pin!(wire.get(&"a".repeat(4 * LONG)).unwrap());
    assert!(poll_once(alone.as_mut()).is_pending());
    theirs.write_all(b"$1\r\nA\r\n").await.unwrap();
    assert!(alone.await.is_none());
    assert!(drive.await.unwrap().is_err());
}

#[tokio::test]
async fn the_end_of_a_connection_is_noticed_also_after_one_who_was_alone() {
    let (wire, mut theirs, drive) = quiet().await;
    let mut alone = pin!(wire.get("a").unwrap());
    assert!(poll_once(alone.as_mut()).is_pending());
    // One who asks alone reads by himself.
    wire.watch();
    assert!(wire.state().is_asleep());
    theirs.write_all(b"$1\r\nA\r\n").await.unwrap();
    assert_is(alone.await, "A");
    drop(theirs);
    wire.watch();
    assert!(drive.await.unwrap().is_err());
}

/// It may be polled for nothing, and then asked by another thread.
#[test]
fn while_the_driver_is_at_work_nobody_is_alone() {
    let mut state = State::default();
    assert!(!state.is_quiet());
    let context = Context::from_waker(Waker::noop());
    assert!(state.falls_asleep(&context, false).unwrap());
    assert!(state.is_quiet());
    state.take_over();
    assert!(!state.is_quiet());
}

#[tokio::test]
async fn who_asks_alone_where_nobody_reads_any_more_is_told_so() {
    let (wire, theirs, drive) = quiet().await;
    let mut alone = pin!(wire.get("a").unwrap());
    assert!(poll_once(alone.as_mut()).is_pending());
    drop(theirs);
    assert!(alone.await.is_none());
    assert!(drive.await.unwrap().is_err());
}

/// Cuts the first `GET` out of `requests`, and gives its last two lines: the value that it asks for is its key.
fn take_key(requests: &mut BytesMut) -> Option<BytesMut> {
    let mut ends = requests
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair == b"\r\n")
        .map(|(at, _)| at + 2);
    let (before, end) = (ends.nth(2)?, ends.nth(1)?);
    let mut request = requests.split_to(end);
    Some(request.split_off(before))
}

#[tokio::test(start_paused = true)]
async fn it_is_unused_when_nothing_was_asked_and_nobody_waits() {
    const TIME: Duration = Duration::from_secs(10);
    let (wire, _theirs, _drive) = driven();
    let began = tokio::time::Instant::now();
    wire.unused_for(TIME).await;
    assert_eq!(began.elapsed(), TIME);

    let waiting = wire.ping().unwrap();
    let watched = Arc::clone(&wire);
    let unused = spawn(async move { watched.unused_for(TIME).await });
    sleep(TIME * 3).await;
    assert!(!unused.is_finished());
    wire.close();
    drop(waiting);
    unused.await.unwrap();
}
