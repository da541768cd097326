use cache_fuzz::peak;
use tokio::time::timeout;

use super::*;
use crate::{conn::wire::pushes::Pushes, limits::WIRE_LOOKUPS};

/// The line that answers what was asked as the `n`th.
fn line(n: usize) -> Reply {
    Reply::Line(format!(":{n}\r\n").into())
}

fn lines(numbers: impl IntoIterator<Item = usize>) -> String {
    let lines = numbers.into_iter().map(|n| format!(":{n}\r\n"));
    lines.collect::<Vec<_>>().concat()
}

#[tokio::test]
async fn the_replies_to_one_request_are_handed_over_together() {
    let (wire, mut theirs, _drive) = driven();
    let mut three = pin!(wire.request(b"A\r\nB\r\nC\r\n", 3).unwrap());
    let one = wire.request(b"D\r\n", 1).unwrap();
    let mut asked = [0; 12];
    theirs.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"A\r\nB\r\nC\r\nD\r\n");
    for n in 1..=2 {
        theirs.write_all(lines([n]).as_bytes()).await.unwrap();
        while wire.state().awaited() > 4 - n {
            yield_now().await;
        }
        assert!(poll_once(three.as_mut()).is_pending());
    }
    theirs
        .write_all(b"*1\r\n$1\r\na\r\n-ERR no\r\n")
        .await
        .unwrap();
    let compound = Reply::Compound("*1\r\n$1\r\na\r\n".into());
    assert_eq!(three.await, Ok(vec![line(1), line(2), compound]));
    assert_eq!(one.await, Ok(vec![Reply::Line("-ERR no\r\n".into())]));
}

#[tokio::test]
async fn a_request_of_no_reply_and_one_too_many_are_refused() {
    let (wire, _theirs, _drive) = driven();
    assert!(wire.request(b"A\r\n", 0).is_none());
    assert!(wire.request(b"A\r\n", WIRE_LOOKUPS + 1).is_none());
    let most = wire.request(b"A\r\n", WIRE_LOOKUPS - 1).unwrap();
    assert!(wire.request(b"A\r\n", 2).is_none());
    let one = wire.get("key").unwrap();
    assert!(wire.get("key").is_none());
    // Whoever has gone away is still owed replies.
    drop((most, one));
    assert!(wire.get("key").is_none());
}

#[tokio::test]
async fn replies_whose_caller_has_gone_are_nobody_elses() {
    let (wire, mut theirs, _drive) = driven();
    drop(wire.request(b"A\r\nB\r\n", 2).unwrap());
    let mut part = Box::pin(wire.request(b"C\r\nD\r\n", 2).unwrap());
    let next = wire.request(b"E\r\nF\r\n", 2).unwrap();
    theirs.write_all(lines(1..=3).as_bytes()).await.unwrap();
    while wire.state().awaited() > 3 {
        yield_now().await;
    }
    assert!(poll_once(part.as_mut()).is_pending());
    drop(part);
    theirs.write_all(lines(4..=6).as_bytes()).await.unwrap();
    assert_eq!(next.await, Ok(vec![line(5), line(6)]));
}

#[tokio::test]
async fn too_few_replies_are_a_lost_connection() {
    let (wire, mut theirs, drive) = driven();
    let first = wire.request(b"A\r\n", 1).unwrap();
    let short = wire.request(b"B\r\nC\r\n", 2).unwrap();
    theirs.write_all(lines(1..=2).as_bytes()).await.unwrap();
    assert_eq!(first.await, Ok(vec![line(1)]));
    drop(theirs);
    assert!(drive.await.unwrap().is_err());
    wire.close();
    assert!(short.await.is_err());
    assert!(wire.request(b"D\r\n", 1).is_none());
}

#[tokio::test]
async fn too_many_replies_end_the_wire_before_one_of_them_is_given_to_another() {
    let (wire, mut theirs, drive) = driven();
    let asked = wire.request(b"A\r\nB\r\n", 2).unwrap();
    theirs.write_all(lines(1..=3).as_bytes()).await.unwrap();
    assert!(drive.await.unwrap().is_err());
    wire.close();
    assert!(asked.await.is_err());
    assert_eq!(wire.state().awaited(), 0);
}

#[tokio::test]
async fn a_look_up_allocates_its_channel_and_nothing_else() {
    let (wire, mut theirs, _drive) = quiet().await;
    for _ in 0..2 {
        let warming: Vec<_> = (0..10).map(|_| wire.get("key").unwrap()).collect();
        theirs.write_all(&b"$-1\r\n".repeat(10)).await.unwrap();
        for reply in warming {
            assert_eq!(reply.await, Some(Reply::Nil));
        }
    }
    let (_channel, expected) = peak(oneshot::channel::<Reply>);
    let (reply, used) = peak(|| wire.get("key").unwrap());
    assert_eq!(used, expected);
    theirs.write_all(b"$-1\r\n").await.unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut reply = pin!(reply);
    while wire.state().awaited() > 0 {
        let (_, used) = peak(|| reply.as_mut().poll(&mut context));
        assert_eq!(used, 0);
        yield_now().await;
    }
}

/// A look-up alone is overtaken by nothing, and a request behind it gets what follows.
#[tokio::test]
async fn a_request_behind_one_who_was_alone_gets_its_own_replies() {
    let (wire, mut theirs, _drive) = quiet().await;
    let mut alone = pin!(wire.get("a").unwrap());
    assert!(poll_once(alone.as_mut()).is_pending());
    assert_asked(&mut theirs, &["a"]).await;
    let behind = wire.request(b"B\r\nC\r\n", 2).unwrap();
    let all = format!("$1\r\nA\r\n{}", lines(1..=2));
    theirs.write_all(all.as_bytes()).await.unwrap();
    assert_eq!(behind.await, Ok(vec![line(1), line(2)]));
    assert_is(alone.await, "A");
}

/// Answers each line `<n>` that comes in with the number, in pieces of random lengths, and says a push now and then.
async fn count(mut stream: UnixStream, mut chance: fastrand::Rng) -> io::Result<()> {
    let (mut requests, mut pushed) = (BytesMut::new(), 0);
    while stream.read_buf(&mut requests).await? > 0 {
        let mut said = String::new();
        while let Some(end) = requests.iter().position(|byte| *byte == b'\n') {
            let line = requests.split_to(end + 1);
            let number = String::from_utf8_lossy(&line[..end]);
            while chance.u8(0..3) == 0 {
                said += &push(pushed);
                pushed += 1;
            }
            said.extend([":", &number, "\r\n"]);
        }
        let mut rest = said.as_bytes();
        while !rest.is_empty() {
            let (piece, others) = rest.split_at(chance.usize(1..=rest.len().min(20)));
            stream.write_all(piece).await?;
            rest = others;
            if chance.u8(0..8) == 0 {
                yield_now().await;
            }
        }
    }
    Ok(())
}

fn push(number: usize) -> String {
    format!(">2\r\n$10\r\ninvalidate\r\n*1\r\n$4\r\n{number:04}\r\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_gets_its_own_replies_whoever_goes_away_and_whatever_is_pushed() {
    const TASKS: usize = 5;
    for is_listening in [false, true] {
        let heard = pushes::Heard::default();
        let listener: Listener = is_listening.then(|| Box::new(heard.clone()) as Box<dyn Pushes>);
        let (wire, theirs, _drive) = listening(listener);
        let server = spawn(count(theirs, fastrand::Rng::with_seed(7)));
        let calls = |task: usize| {
            let wire = Arc::clone(&wire);
            async move {
                let mut chance = fastrand::Rng::with_seed(task as u64);
                for call in 0..300 {
                    let first = (call * TASKS + task) * 10;
                    let numbers = first..first + chance.usize(1..=6);
                    let asked = numbers.clone().map(|n| format!("{n}\n"));
                    let packed = asked.collect::<Vec<_>>().concat();
                    let asked = wire.request(packed.as_bytes(), numbers.len()).unwrap();
                    if chance.u8(0..3) == 0 {
                        continue;
                    }
                    // No reply within that time is a wake-up that was lost.
                    let replies = timeout(Duration::from_secs(20), asked).await.unwrap();
                    assert_eq!(replies, Ok(numbers.map(line).collect()));
                }
            }
        };
        let tasks: Vec<_> = (0..TASKS).map(|task| spawn(calls(task))).collect();
        for task in tasks {
            task.await.unwrap();
        }
        wire.close();
        drop(server);
        let heard = heard.all();
        assert_eq!(heard.is_empty(), !is_listening);
        for (number, heard) in heard.iter().enumerate() {
            assert_eq!(*heard, push(number).into_bytes());
        }
    }
}
