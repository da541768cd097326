use std::{sync::Arc, thread};

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    spawn,
};

use super::{super::Lookup, *};

/// More than a socket takes at once.
const LONG: usize = 1024 * 1024;

#[tokio::test]
async fn what_is_asked_goes_out_in_order_however_much_a_write_takes() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let wire = Arc::new(Wire::default());
    let driven = Arc::clone(&wire);
    spawn(async move { driven.drive(&mut Stream::Right(ours)).await });
    let mut expected = Vec::new();
    let mut pending = Vec::new();
    for (n, len) in [LONG, 3, LONG, 1, 2].into_iter().enumerate() {
        let key = n.to_string().repeat(len);
        expected.extend(format!("*2\r\n$3\r\nGET\r\n${len}\r\n{key}\r\n").into_bytes());
        pending.push(wire.get(&key, oneshot::async_channel).unwrap());
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
    let (ours, theirs) = UnixStream::pair().unwrap();
    let wire = Arc::new(Wire::default());
    let driven = Arc::clone(&wire);
    let drive = spawn(async move { driven.drive(&mut Stream::Right(ours)).await });
    drop(theirs);
    let reply = wire.get("key", oneshot::async_channel);
    assert!(drive.await.unwrap().is_err());
    wire.close();
    if let Some(reply) = reply {
        assert!(reply.await.is_err());
    }
    assert!(wire.get("key", oneshot::async_channel).is_none());
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

/// Answers each `GET` with its key, in pieces of `piece` bytes.
async fn answer_with_keys(mut stream: UnixStream, piece: usize) -> io::Result<()> {
    let mut requests = BytesMut::new();
    while stream.read_buf(&mut requests).await? > 0 {
        while let Some(reply) = take_key(&mut requests) {
            for piece in reply.chunks(piece) {
                stream.write_all(piece).await?;
            }
        }
    }
    Ok(())
}

#[test]
fn each_of_many_threads_gets_its_own_replies() {
    const THREADS: usize = 8;
    const CALLS: usize = 300;
    for piece in [1, 7, 100_000] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let wire = Arc::new(Wire::default());
        let driven = Arc::clone(&wire);
        let (ours, theirs) = {
            let _guard = runtime.enter();
            UnixStream::pair().unwrap()
        };
        runtime.spawn(answer_with_keys(theirs, piece));
        let ended = runtime.spawn(async move { driven.drive(&mut Stream::Right(ours)).await });
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let wire = &wire;
                scope.spawn(move || {
                    for call in 0..CALLS {
                        let key = format!("{thread}/{call}").repeat(1 + call % 5);
                        let reply = wire.get(&key, oneshot::channel).unwrap();
                        // No reply within that time is a wake-up that was lost.
                        let reply = reply.recv_timeout(Duration::from_secs(20)).unwrap();
                        let answer = reply.answer();
                        assert!(matches!(answer, Ok(Lookup::Found(value)) if value == key));
                    }
                });
            }
            let closing = Arc::clone(&wire);
            let asked = THREADS as u64 * CALLS as u64;
            let end = runtime.block_on(async {
                while closing.state().asked < asked || !closing.state().waiting.is_empty() {
                    tokio::task::yield_now().await;
                }
                closing.close();
                ended.await.unwrap()
            });
            assert!(end.is_err());
        });
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_unused_when_nothing_was_asked_and_nobody_waits() {
    const TIME: Duration = Duration::from_secs(10);
    let wire = Arc::new(Wire::default());
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
