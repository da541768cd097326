//! Calls of blocking methods, one at a time.

use std::{panic::AssertUnwindSafe, time::SystemTime};

use super::world::{World, *};
use crate::{
    config::Settings,
    conn::fake::Reply,
    outcome::CacheStatus::{self, *},
    telemetry::Event,
    value::envelope::{self, Draft},
};

#[test]
fn a_value_is_computed_once_and_found_where_it_is() {
    let world = World::new();
    assert_eq!(world.call("a"), "a");
    assert_eq!(world.call("b"), "a");
    world.write();
    assert_eq!(world.call("c"), "a");
    assert_eq!(world.results(), [(HitRedis, 1), (HitBuffer, 1), (Miss, 1)]);
    assert_eq!(world.count(Event::Stored), 1);
    assert_eq!(world.cache.flights.followers(), 0);
}

type MakeReply = fn() -> Reply;

#[test]
fn a_lookup_that_fails_runs_the_body_and_its_value_is_stored() {
    let replies: [(&str, MakeReply, u64); 9] = [
        ("lost", || Reply::Lost, 0),
        ("never", || Reply::Never, 1),
        ("no connection", || Reply::NoConnection, 0),
        ("error", || answer("-ERR x"), 0),
        ("loading", || answer("-LOADING x"), 0),
        ("login", || answer("-NOAUTH x"), 0),
        ("moved to nowhere", || answer("-MOVED 1 ?:1"), 0),
        ("another's", || answer(":1"), 0),
        ("none", || Reply::Answers(Vec::new()), 0),
    ];
    for (name, reply, timed_out) in replies {
        let world = World::new();
        world.next(move |_, _| reply());
        assert_eq!(world.call("a"), "a", "{name}");
        assert_eq!(world.results(), [(ErrorOpen, 1)], "{name}");
        assert_eq!(world.count(Event::TimedOut), timed_out, "{name}");
        assert_eq!(world.later(), "a", "{name}");
    }
}

fn answer(text: &str) -> Reply {
    Reply::Answers(vec![crate::conn::fake::line(text)])
}

#[test]
fn a_redirect_is_followed_once() {
    let world = World::new();
    world.call("a");
    world.write();
    world.next_line("-MOVED 1 a:1");
    assert_eq!(world.call("b"), "a");
    world.next_line("-ASK 1 a:1");
    world.next_line("-MOVED 1 a:1");
    assert_eq!(world.call("b"), "b");
    assert_eq!(world.fake.followed().len(), 2);
    assert_eq!(world.results(), [(HitRedis, 1), (Miss, 1), (ErrorOpen, 1)]);
}

#[test]
fn where_redis_is_away_nobody_asks_and_nothing_is_queued() {
    let world = World::new();
    world.fake.set_unavailable(true);
    assert_eq!(world.call("a"), "a");
    assert_eq!(world.results(), [(ErrorOpen, 1)]);
    world.write();
    assert_eq!(world.fake.requests(), 0);
    world.fake.set_unavailable(false);
    assert_eq!(world.later(), "computed");
}

#[test]
fn what_is_damaged_is_a_miss_and_is_mended() {
    let original = World::new();
    original.call("a");
    original.write();
    let whole = original.stored().unwrap();
    let mut damaged: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"somebody else's".to_vec(),
        whole[..whole.len() - 1].to_vec(),
        [whole.as_slice(), b"more"].concat(),
    ];
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        damaged.push(flipped);
    }
    for damaged in damaged {
        let world = World::new();
        world.put(&damaged);
        assert_eq!(world.call("b"), "b", "{damaged:?}");
        assert_eq!(world.results(), [(Miss, 1)], "{damaged:?}");
        assert_eq!(world.count(Event::Corrupt), 1, "{damaged:?}");
        assert_eq!(world.fake.discards(), 1, "{damaged:?}");
        assert_eq!(world.later(), "b", "{damaged:?}");
        assert_eq!(world.count(Event::Healed), 1, "{damaged:?}");
    }
}

#[test]
fn what_is_no_string_is_a_miss() {
    let world = World::new();
    world.next_line("-WRONGTYPE Operation against a key");
    assert_eq!(world.call("a"), "a");
    assert_eq!(world.results(), [(Miss, 1)]);
    assert_eq!(world.count(Event::Corrupt), 1);
    assert_eq!(world.later(), "a");
}

#[test]
fn two_builds_have_their_values_side_by_side_and_a_third_has_none() {
    let world = World::new();
    let number = |body: u64| world.cache.call(key(KEY), codec!(u64), || body, |_| {});
    let list = |body: u8| {
        world
            .cache
            .call(key(KEY), codec!(Vec<u8>), || vec![body], |_| {})
    };
    assert_eq!(world.call("a"), "a");
    world.write();
    assert_eq!(number(1), 1);
    world.write();
    assert_eq!(number(2), 1);
    assert_eq!(world.call("b"), "a");
    assert_eq!(list(1), [1]);
    world.write();
    assert_eq!(list(2), [2]);
    assert_eq!(number(3), 1);
    assert_eq!(world.call("b"), "a");
    assert_eq!(world.count(Event::Stored), 2);
    assert_eq!(world.count(Event::Corrupt), 0);
}

#[test]
fn what_is_too_old_is_computed_again() {
    let ttl = Duration::from_secs(60);
    for (age, expected) in [(ttl / 2, "old"), (ttl, "new")] {
        let world = World::with(&Settings::new().ttl(ttl));
        world.put(&envelope_of("old", age));
        assert_eq!(world.call("new"), expected);
        assert_eq!(world.count(Event::Corrupt), 0);
    }
}

/// The stored bytes of a value that was computed so long ago.
fn envelope_of(value: &str, age: Duration) -> Vec<u8> {
    let world = World::new();
    world.call(value);
    world.write();
    let stored = world.stored().unwrap();
    let opened = envelope::open(&stored, &world.cache.seal, &digest(KEY)).unwrap();
    let created = SystemTime::now().checked_sub(age).unwrap();
    let mut draft = Draft::new(created, opened.compute);
    draft.buffer().extend_from_slice(opened.payload);
    let contents = draft.finish(opened.shape);
    contents.seal(&world.cache.seal, &digest(KEY)).to_vec()
}

#[test]
fn what_is_too_large_goes_to_its_caller_alone() {
    let world = World::with(&Settings::new().max_value_bytes(64usize));
    let large = "x".repeat(64);
    assert_eq!(world.call(&large), large);
    assert_eq!(world.count(Event::TooLarge), 1);
    assert_eq!(world.later(), "computed");
}

#[test]
fn an_err_is_passed_on_and_not_kept() {
    let world = World::new();
    let call = |body: Result<String, u8>| {
        world
            .cache
            .call(key(KEY), codec!(Result<String, u8>), || body, |_| {})
    };
    assert_eq!(call(Err(7)), Err(7));
    world.write();
    assert_eq!(call(Ok("a".to_owned())), Ok("a".to_owned()));
    world.write();
    assert_eq!(call(Err(8)), Ok("a".to_owned()));
    assert_eq!(world.count(Event::Declined), 1);
    assert_eq!(world.results(), [(HitRedis, 1), (Miss, 2)]);
}

#[test]
fn a_body_that_panics_leaves_nothing_behind() {
    let world = World::new();
    let call = || world.call_with(|| panic!("its own"));
    assert!(std::panic::catch_unwind(AssertUnwindSafe(call)).is_err());
    assert_eq!(world.later(), "computed");
    assert_eq!(world.results(), [(Miss, 2)]);
}

#[test]
fn a_value_whose_version_has_moved_goes_to_its_caller_alone() {
    let world = World::new();
    let call = |now: u64| {
        let again = move |key: &mut KeyBuilder| key.version(&now);
        let value = || "a".to_owned();
        world
            .cache
            .call(versioned(KEY, 0), codec!(String), value, again)
    };
    assert_eq!(call(1), "a");
    assert_eq!(world.later(), "computed");
    assert_eq!(world.later(), "computed");
    assert_eq!(call(0), "computed");
}

#[test]
fn what_is_proved_elsewhere_is_stored_as_well() {
    let world = World::new();
    let call = |body: Option<u8>| {
        world
            .cache
            .call(key(KEY), codec!(Option<u8>), || body, |_| {})
    };
    assert_eq!(call(Some(1)), Some(1));
    // Until the value is proved its place is kept, and this call waits for it.
    assert_eq!(call(Some(2)), Some(1));
    until(|| {
        world.write();
        world.stored().is_some()
    });
    assert_eq!(call(Some(3)), Some(1));
    let misses: Vec<(CacheStatus, u64)> = world.results();
    assert!(misses.contains(&(Miss, 1)), "{misses:?}");
}

#[test]
fn a_store_that_fails_is_computed_again() {
    let world = World::new();
    assert_eq!(world.call("a"), "a");
    world.next(|_, _| Reply::Lost);
    world.write();
    assert_eq!(world.count(Event::StoreFailed), 1);
    assert_eq!(world.call("b"), "b");
    assert_eq!(world.later(), "b");
}
