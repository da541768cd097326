//! Followers get a value or lead, however their leader ends.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::mpsc,
    task::Poll,
    thread,
};

use tokio::sync::oneshot;

use super::world::{World, *};
use crate::{
    conn::fake::Reply,
    outcome::CacheStatus::{Cancelled, Coalesced, ErrorOpen, HitRedis, Miss},
    telemetry::Event,
};

fn ready(value: &str) -> Poll<String> {
    Poll::Ready(value.to_owned())
}

#[test]
fn tasks_follow_a_lookup_and_get_what_it_finds() {
    let world = World::new();
    world.call("a");
    world.write();
    world.fake.hold();
    let mut leader = pin!(world.task(async || "leader's".to_owned()));
    let mut follower = pin!(world.task(async || "follower's".to_owned()));
    assert!(poll(leader.as_mut()).is_pending());
    assert!(poll(follower.as_mut()).is_pending());
    assert_eq!(world.cache.flights.followers(), 1);
    world.fake.release();
    assert!(poll(follower.as_mut()).is_pending());
    assert_eq!(poll(leader.as_mut()), ready("a"));
    assert_eq!(poll(follower.as_mut()), ready("a"));
    assert_eq!(world.results(), [(HitRedis, 1), (Miss, 1), (Coalesced, 1)]);
}

#[test]
fn a_lookup_that_fails_costs_the_followers_one_body() {
    for reply in [Reply::Lost, Reply::Never, Reply::NoConnection] {
        let world = World::new();
        world.fake.hold();
        world.next(move |_, _| reply);
        let mut leader = pin!(world.task(async || "leader's".to_owned()));
        let mut follower = pin!(world.task(async || "follower's".to_owned()));
        assert!(poll(leader.as_mut()).is_pending());
        assert!(poll(follower.as_mut()).is_pending());
        world.fake.release();
        assert_eq!(poll(leader.as_mut()), ready("leader's"));
        assert_eq!(poll(follower.as_mut()), ready("leader's"));
        assert_eq!(world.results(), [(Coalesced, 1), (ErrorOpen, 1)]);
    }
}

#[test]
fn a_leader_that_vanishes_during_the_lookup_hands_over() {
    let world = World::new();
    world.fake.hold();
    let mut leader = Box::pin(world.task(async || "leader's".to_owned()));
    let mut follower = pin!(world.task(async || "follower's".to_owned()));
    assert!(poll(leader.as_mut()).is_pending());
    assert!(poll(follower.as_mut()).is_pending());
    drop(leader);
    world.fake.release();
    assert_eq!(poll(follower.as_mut()), ready("follower's"));
    assert_eq!(world.fake.requests(), 2);
    assert_eq!(world.later(), "follower's");
    assert_eq!(world.results(), [(HitRedis, 1), (Miss, 1), (Cancelled, 1)]);
}

/// Begins a leader, whose body waits for the sender, and a follower.
fn during_the_body<T>(
    world: &World,
    body: impl FnOnce() -> String,
    then: impl FnOnce(
        Pin<Box<dyn Future<Output = String> + '_>>,
        Pin<Box<dyn Future<Output = String> + '_>>,
        oneshot::Sender<()>,
    ) -> T,
) -> T {
    let (end, ended) = oneshot::channel::<()>();
    let mut leader = Box::pin(world.task(async move || {
        _ = ended.await;
        body()
    }));
    let mut follower = Box::pin(world.task(async || "follower's".to_owned()));
    assert!(poll(leader.as_mut()).is_pending());
    assert!(poll(follower.as_mut()).is_pending());
    assert_eq!(world.cache.flights.followers(), 1);
    then(leader, follower, end)
}

#[test]
fn a_leader_that_vanishes_during_the_body_hands_over() {
    let world = World::new();
    let body = || "leader's".to_owned();
    during_the_body(&world, body, |leader, mut follower, _end| {
        drop(leader);
        assert_eq!(poll(follower.as_mut()), ready("follower's"));
    });
    assert_eq!(world.later(), "follower's");
    assert_eq!(world.results(), [(HitRedis, 1), (Miss, 2)]);
}

#[test]
fn a_leader_that_panics_hands_over() {
    let world = World::new();
    let body = || panic!("its own");
    during_the_body(&world, body, |mut leader, mut follower, end| {
        end.send(()).unwrap();
        let polled = catch_unwind(AssertUnwindSafe(|| poll(leader.as_mut())));
        assert!(polled.is_err());
        drop(leader);
        assert_eq!(poll(follower.as_mut()), ready("follower's"));
    });
    assert_eq!(world.later(), "follower's");
}

#[test]
fn a_leader_whose_value_is_not_kept_gives_it_to_who_waits() {
    let world = World::with(&crate::config::Settings::new().max_value_bytes(64usize));
    let large = || "x".repeat(64);
    during_the_body(&world, large, |mut leader, mut follower, end| {
        end.send(()).unwrap();
        assert_eq!(poll(leader.as_mut()), Poll::Ready(large()));
        assert_eq!(poll(follower.as_mut()), Poll::Ready(large()));
    });
    assert_eq!(world.count(Event::TooLarge), 1);
    assert_eq!(world.later(), "computed");
}

#[test]
fn a_leader_with_an_err_hands_over() {
    let world = World::new();
    let call = |body: Result<String, u8>| {
        let by = CalledBy::Cache(world.cache);
        call_async(
            by,
            key(KEY),
            codec!(Result<String, u8>),
            async move || body,
            |_| {},
        )
    };
    world.fake.hold();
    let mut leader = pin!(call(Err(1)));
    let mut second = pin!(call(Err(2)));
    let mut third = pin!(call(Ok("third's".to_owned())));
    for task in [leader.as_mut(), second.as_mut(), third.as_mut()] {
        assert!(poll(task).is_pending());
    }
    world.fake.release();
    assert_eq!(poll(leader.as_mut()), Poll::Ready(Err(1)));
    // After two leaders without a value no call waits in line any more.
    assert_eq!(poll(second.as_mut()), Poll::Ready(Err(2)));
    assert_eq!(poll(third.as_mut()), Poll::Ready(Ok("third's".to_owned())));
    assert_eq!(world.count(Event::Declined), 2);
    assert_eq!(world.cache.flights.followers(), 0);
}

/// Runs a leader, whose body ends as `end` says, and a follower, each on a thread.
fn threads(end: impl FnOnce(&mpsc::Sender<Option<String>>)) -> (World, Option<String>, String) {
    let world = World::new();
    let (sender, receiver) = mpsc::channel::<Option<String>>();
    let (begins, began) = mpsc::channel();
    let (led, followed) = thread::scope(|scope| {
        let leader = scope.spawn(|| {
            world.call_with(move || {
                begins.send(()).unwrap();
                receiver.recv().unwrap().expect("its own panic")
            })
        });
        began.recv().unwrap();
        let follower = scope.spawn(|| world.call("follower's"));
        until(|| world.cache.flights.followers() == 1);
        end(&sender);
        (leader.join().ok(), follower.join().unwrap())
    });
    (world, led, followed)
}

#[test]
fn threads_follow_a_body() {
    let (world, led, followed) = threads(|end| end.send(Some("leader's".to_owned())).unwrap());
    assert_eq!(led.as_deref(), Some("leader's"));
    assert_eq!(followed, "leader's");
    assert_eq!(world.results(), [(Miss, 1), (Coalesced, 1)]);
    assert_eq!(world.later(), "leader's");
}

#[test]
fn a_thread_that_panics_hands_over() {
    let (world, led, followed) = threads(|end| end.send(None).unwrap());
    assert_eq!(led, None);
    assert_eq!(followed, "follower's");
    assert_eq!(world.later(), "follower's");
}
