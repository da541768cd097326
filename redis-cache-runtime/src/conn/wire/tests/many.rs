use std::{thread, time::Instant};

use tokio::time::timeout;

use super::*;

/// Answers each `GET` with its key, in pieces of `piece` bytes, and says a push before some of them and behind others.
async fn answer_with_keys(mut stream: UnixStream, piece: usize) -> io::Result<()> {
    let (mut requests, mut answered) = (BytesMut::new(), 0);
    while stream.read_buf(&mut requests).await? > 0 {
        while let Some(reply) = take_key(&mut requests) {
            let said = match answered % 5 {
                0 => [pushes::KEYS, &reply[..]].concat(),
                1 => [&reply[..], pushes::NULL, pushes::KEYS].concat(),
                _ => reply.to_vec(),
            };
            answered += 1;
            for piece in said.chunks(piece) {
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
        let (wire, theirs, ended) = {
            let _guard = runtime.enter();
            driven()
        };
        runtime.spawn(answer_with_keys(theirs, piece));
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let wire = &wire;
                scope.spawn(move || {
                    for call in 0..CALLS {
                        let key = format!("{thread}/{call}").repeat(1 + call % 5);
                        let reply = wire.get_blocking(&key).unwrap();
                        // No reply within that time is a wake-up that was lost.
                        let reply = reply
                            .recv_deadline(Instant::now() + Duration::from_secs(20))
                            .unwrap();
                        let answer = reply.answer();
                        assert!(matches!(answer, Ok(Lookup::Found(value)) if value == key));
                    }
                });
            }
            let closing = Arc::clone(&wire);
            let asked = THREADS as u64 * CALLS as u64;
            let end = runtime.block_on(async {
                while closing.state().asked() < asked || closing.state().has_waiting() {
                    yield_now().await;
                }
                closing.close();
                ended.await.unwrap()
            });
            assert!(end.is_err());
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_many_tasks_gets_its_own_replies_whoever_goes_away() {
    const CALLS: usize = 2_000;
    for (tasks, piece) in [(1, 3), (2, 100_000), (2, 1), (5, 7), (40, 100_000)] {
        let (wire, theirs, _drive) = driven();
        spawn(answer_with_keys(theirs, piece));
        let calls = |task: usize| {
            let wire = Arc::clone(&wire);
            async move {
                let mut chance = fastrand::Rng::with_seed(task as u64);
                for call in 0..CALLS / tasks {
                    let key = format!("{task}/{call}").repeat(1 + call % 5);
                    let mut asking = Box::pin(wire.get(&key).unwrap());
                    let mut polls = chance.u8(0..6);
                    if polls < 3 {
                        while polls > 0
                            && poll_fn(|c| Poll::Ready(asking.as_mut().poll(c).is_pending())).await
                        {
                            yield_now().await;
                            polls -= 1;
                        }
                        continue;
                    }
                    // No reply within that time is a wake-up that was lost.
                    let reply = timeout(Duration::from_secs(20), asking).await;
                    assert_is(reply.unwrap(), &key);
                }
            }
        };
        let tasks: Vec<_> = (0..tasks).map(|task| spawn(calls(task))).collect();
        for task in tasks {
            task.await.unwrap();
        }
    }
}
