mod clears;
mod generated;
mod world;

use std::{sync::atomic::Ordering, time::SystemTime};

use tokio::time::Instant;

use self::world::{Told, World, done, once};
use super::*;
use crate::{
    config::MaxSize,
    conn::fake::{Command, FakeRedis, Reply, line},
    outcome::ErrorKind,
    remote::{Done, Keyspace, Losses, Pushed, model::Model},
    telemetry::Counters,
    value::envelope::Seal,
};

const A: Digest = [1; 32];
const B: Digest = [2; 32];

/// Writes all that the shard's queue holds.
pub(crate) async fn write_all(shard: &Arc<Shard>, terms: Terms, events: Arc<dyn StoreEvents>) {
    let mut writer = Writer::new(Arc::clone(shard), terms, events);
    writer.empty_queue().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_one_request_and_settles_in_order() {
    let mut world = World::new();
    world.shard.queue().touch(&B);
    let tickets = [world.push(A, "a"), world.push(B, "b")];
    world.run().await;
    assert!(world.has(A, "a") && world.has(B, "b"));
    assert_eq!(world.settled(), tickets);
    assert_eq!(world.count(Event::Stored), 2);
    assert_eq!(world.fake.requests(), 1);
    assert_eq!(world.model.lock().unwrap().touched, [member(&B)]);
    assert!(!world.shard.queue().has_unsettled());
}

#[tokio::test(start_paused = true)]
async fn what_is_put_off_is_done_later_and_once() {
    // The answer, the requests until the write is done, the `PING`s that were requested, the redirects that were followed.
    for (answer, requests, pings, redirects) in [
        ("-NOSCRIPT No matching script", 2, 0, 0),
        ("-MOVED 1 a:1", 2, 0, 1),
        ("-MOVED 1 ?:1", 2, 1, 0),
        ("-ASK 1 a:1", 2, 1, 0),
        ("-TRYAGAIN Multiple keys request", 2, 1, 0),
        ("-CLUSTERDOWN The cluster is down", 2, 1, 0),
        ("-LOADING Redis is loading", 2, 1, 0),
        ("-MASTERDOWN Link with MASTER is down", 2, 1, 0),
        ("-BUSY Redis is busy running a script", 2, 1, 0),
    ] {
        let mut world = World::new();
        world.next_line(answer);
        let ticket = world.push(A, "a");
        world.run().await;
        assert!(world.has(A, "a"), "{answer}");
        assert_eq!(world.settled(), [ticket], "{answer}");
        assert_eq!(world.count(Event::Stored), 1, "{answer}");
        assert_eq!(world.fake.requests(), requests, "{answer}");
        assert_eq!(world.fake.pings(), pings, "{answer}");
        assert_eq!(world.fake.followed().len(), redirects, "{answer}");
        assert_eq!(world.losses(), "", "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_lost_at_once_and_told_by_its_code() {
    for (answer, code, pings) in [
        ("-OOM command not allowed", "OOM", 0),
        ("-READONLY You can't write", "READONLY", 1),
        ("-NOPERM no permissions", "NOPERM", 0),
        ("-MISCONF can't persist", "MISCONF", 0),
    ] {
        let mut world = World::new();
        world.next_line(answer);
        let ticket = world.push(A, "a");
        world.run().await;
        assert!(!world.has(A, "a"), "{answer}");
        assert_eq!(world.settled(), [ticket], "{answer}");
        assert_eq!(world.count(Event::StoreFailed), 1, "{answer}");
        assert_eq!(world.fake.requests(), 1, "{answer}");
        assert_eq!(world.fake.pings(), pings, "{answer}");
        assert_eq!(*world.events.refused.lock().unwrap(), [code]);
        assert_eq!(world.losses(), format!("1 refused ({code})"));
    }
}

#[tokio::test(start_paused = true)]
async fn only_those_jobs_are_sent_again_that_were_put_off() {
    let mut world = World::new();
    world.next(|model, commands| {
        let first = model.answer(&commands[0]);
        Reply::Answers(vec![first, line("-TRYAGAIN Multiple keys request")])
    });
    let tickets = [world.push(A, "a"), world.push(B, "b")];
    world.run().await;
    assert_eq!(world.settled(), tickets);
    let asked = world.fake.asked();
    let stores = |digest: &Digest| {
        let named = |command: &&Command| command.iter().any(|word| *word == member(digest));
        asked.iter().filter(named).count()
    };
    assert_eq!((stores(&A), stores(&B)), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn scripts_that_were_forgotten_are_loaded_with_the_values() {
    let mut world = World::new();
    world.model.lock().unwrap().is_new = true;
    world.push(A, "a");
    world.push(B, "b");
    world.run().await;
    assert!(world.has(A, "a") && world.has(B, "b"));
    assert_eq!(world.fake.requests(), 2);
    let words: Vec<_> = world
        .fake
        .asked()
        .into_iter()
        .map(|mut command| command.remove(0))
        .collect();
    let loads = words.iter().filter(|word| *word == b"SCRIPT").count();
    assert_eq!((words.len(), loads), (2 + 5 + 2, 5));
}

#[tokio::test(start_paused = true)]
async fn one_who_puts_off_for_ever_is_given_up_and_the_next_wait_little() {
    let mut world = World::new();
    for _ in 0..1000 {
        world.next_line("-LOADING Redis is loading");
    }
    let began = Instant::now();
    world.push(A, "a");
    world.run().await;
    let first = (began.elapsed(), world.fake.requests());
    assert!(first.0 <= Duration::from_secs(3), "{first:?}");
    assert!((5..100).contains(&first.1), "{first:?}");
    assert_eq!(world.losses(), "1 not taken in time (LOADING)");
    let began = Instant::now();
    world.push(B, "b");
    world.run().await;
    assert!(began.elapsed() <= Duration::from_millis(15));
    assert_eq!(world.count(Event::StoreFailed), 2);
    // After a write that is done, later ones are waited for again.
    world.turns.lock().unwrap().clear();
    let ticket = world.push(A, "a");
    world.run().await;
    assert_eq!(world.settled().last(), Some(&ticket));
    world.next_line("-LOADING Redis is loading");
    for _ in 0..8 {
        world.next_line("-TRYAGAIN Multiple keys request");
    }
    world.push(B, "b");
    world.run().await;
    assert!(world.has(B, "b"));
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_costs_what_was_on_its_way() {
    for (reply, pings, lost, error) in [
        (Some(Reply::Lost), 1, "1 without a connection", 0),
        (Some(Reply::NoConnection), 0, "1 without a connection", 0),
        (Some(Reply::Never), 1, "1 without an answer in time", 2),
    ] {
        let mut world = World::new();
        let began = Instant::now();
        let mut reply = reply;
        world.next(move |_, _| reply.take().unwrap());
        let ticket = world.push(A, "a");
        world.run().await;
        assert_eq!(began.elapsed(), Duration::from_secs(error));
        assert_eq!(world.settled(), [ticket]);
        assert_eq!(world.fake.pings(), pings);
        assert_eq!(world.losses(), lost);
        let ticket = world.push(B, "b");
        world.run().await;
        assert_eq!(world.settled().last(), Some(&ticket));
        assert!(world.has(B, "b"));
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_answers_store_nothing_that_is_counted() {
    for wrong in [
        "+OK",
        ":1",
        "$-1",
        "*0",
        "*3\r\n:0\r\n$0\r\n\r\n$0\r\n",
        "*4\r\n:0\r\n:0\r\n:0\r\n:0",
        "*4\r\n$1\r\n0\r\n$0\r\n\r\n$0\r\n\r\n:0",
    ] {
        let mut world = World::new();
        world.next_line(wrong);
        let ticket = world.push(A, "a");
        world.run().await;
        assert_eq!(world.settled(), [ticket], "{wrong}");
        assert_eq!(world.count(Event::Stored), 0, "{wrong}");
        assert_eq!(world.count(Event::StoreFailed), 1, "{wrong}");
        assert_eq!(world.fake.requests(), 1, "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_too_few_or_doubled_belong_to_nobody() {
    for doubled in [false, true] {
        let mut world = World::new();
        world.next(move |model, commands| {
            let Reply::Answers(mut answers) = model.serve(commands) else {
                panic!()
            };
            if doubled {
                answers.extend(answers.clone());
            } else {
                answers.pop();
            }
            Reply::Answers(answers)
        });
        let tickets = [world.push(A, "a"), world.push(B, "b")];
        world.run().await;
        assert_eq!(world.settled(), tickets);
        assert_eq!(world.count(Event::Stored), 0);
        assert_eq!(world.count(Event::StoreFailed), 2);
        assert_eq!(world.losses(), "2 without a connection");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_late_is_nobodys() {
    let mut world = World::new();
    let tickets = [world.push(A, "a"), world.push(B, "b")];
    world.fake.hold();
    let began = Instant::now();
    world.run().await;
    assert_eq!(began.elapsed(), crate::limits::WRITE_BUDGET);
    world.fake.release();
    world.run().await;
    // Redis has stored both values, but no answer has said so.
    assert!(world.has(A, "a") && world.has(B, "b"));
    assert_eq!(world.settled(), tickets);
    assert_eq!(world.count(Event::StoreFailed), 2);
    assert_eq!(world.losses(), "2 without an answer in time");
}

#[tokio::test(start_paused = true)]
async fn a_value_whose_time_is_over_is_not_sent_and_its_touches_are() {
    let ttl = Duration::from_secs(60);
    let mut world = World::with_ttl(Some(ttl));
    world.shard.queue().touch(&B);
    let contents = |age| {
        let created = SystemTime::now().checked_sub(age).unwrap();
        Contents::of(&Bytes::from_static(b"a and its check....."), created)
    };
    let old = world.push_contents(A, contents(ttl));
    world.run().await;
    assert_eq!(world.settled(), [old]);
    assert_eq!(world.count(Event::Expired), 1);
    assert_eq!(world.count(Event::Stored), 0);
    assert_eq!(world.model.lock().unwrap().touched, [member(&B)]);
    let young = world.push_contents(A, contents(ttl / 2));
    world.run().await;
    assert_eq!(world.settled(), [old, young]);
    let asked = world.fake.asked();
    let left = String::from_utf8(asked.last().unwrap().last().unwrap().clone()).unwrap();
    let left = Duration::from_millis(left.parse().unwrap());
    // The jitter takes up to a tenth.
    assert!(left <= ttl / 2 && left > ttl / 3, "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_a_value_is_deleted_if_it_is_that_still() {
    let mut world = World::new();
    let entry = world.shard.keyspace().entry(&A);
    let found = Bytes::from_static(b"damaged");
    let put = |world: &World, what: &[u8]| {
        let mut model = world.model.lock().unwrap();
        model.entries.insert(entry.clone(), what.to_vec());
    };
    put(&world, &found);
    world.shard.queue().push_heal(A, Some(found.clone()));
    world.run().await;
    assert_eq!(world.count(Event::Healed), 1);
    put(&world, b"another");
    world.shard.queue().push_heal(A, Some(found));
    world.run().await;
    assert_eq!(world.count(Event::Healed), 1);
    assert!(world.has(A, "another"));
}

#[tokio::test(start_paused = true)]
async fn a_flush_is_told_when_all_before_it_has_ended() {
    let mut world = World::new();
    world.push(A, "a");
    let flushed = world.push_flush();
    world.push(B, "b");
    world.next(|_, _| Reply::Lost);
    world.run().await;
    assert_eq!(once(&flushed), Ok(0));
    assert!(!world.has(A, "a") && world.has(B, "b"));
    world.fake.set_up(false);
    let flushed = world.push_flush();
    world.run().await;
    assert_eq!(once(&flushed), Err(ErrorKind::Unavailable));
}
