//! A body that runs while any process deletes its entry does not store its value.

use cache_tests_support::{HeldStep, RedisServer, Task, run, stdout_of};

use crate::worker::{Worker, command};

const META: &str = "hc:{held}:m";

#[test]
fn what_was_computed_before_a_clear_by_another_process_is_not_stored() {
    let server = RedisServer::start();
    let mut other = Worker::start(&server);
    // The first has never heard of any clear before, the second of one.
    for mut one in [Worker::start_new(&server), Worker::start(&server)] {
        assert_eq!(one.hold(1), "running");
        assert_eq!(other.clear(), "done");
        assert_eq!(one.release("old"), "old miss");
        assert_eq!(other.ask(1, "new"), "new miss");
        assert_eq!(one.ask(1, "x"), "new hit_redis");
        assert_eq!(one.invalidate(1), "true");
    }
}

/// The process could not ask Redis for the last clear before its body began: its value is stored only if there was none.
#[test]
fn what_was_computed_before_redis_could_be_asked_is_stored_unless_there_was_a_clear() {
    let server = RedisServer::start();
    let mut other = Worker::start(&server);
    let mut one = Worker::start_hasty(&server);
    assert_eq!(one.ask(1, "kept"), "kept error_open");
    assert_eq!(other.ask(1, "x"), "kept hit_redis");
    for _ in 0..2 {
        let mut one = Worker::start_hasty(&server);
        assert_eq!(one.hold(1), "running");
        assert_eq!(other.clear(), "done");
        assert_eq!(one.release("old"), "old error_open");
        assert_eq!(other.ask(1, "new"), "new miss");
        other.invalidate(1);
        let mut one = Worker::start_hasty(&server);
        assert_eq!(one.hold(1), "running");
        other.invalidate(1);
        assert_eq!(one.release("old"), "old error_open");
        assert_eq!(other.ask(1, "new"), "new miss");
    }
}

/// The first value of a process is stored, after any deletion by another process.
#[test]
fn a_first_value_is_stored() {
    let server = RedisServer::start();
    for before in [
        HeldStep::Ask(9, "a".to_owned()),
        HeldStep::Clear,
        HeldStep::Invalidate(1),
        HeldStep::Invalidate(9),
    ] {
        let mut other = Worker::start(&server);
        other.ask(8, "a");
        other.take(&before);
        other.invalidate(1);
        let mut one = Worker::start_new(&server);
        assert_eq!(one.ask(1, "first"), "first miss", "after {before:?}");
        assert_eq!(other.ask(1, "x"), "first hit_redis", "after {before:?}");
    }
}

#[test]
fn children_that_clear_are_told_apart() {
    let server = RedisServer::start();
    let said = stdout_of(&mut command(&server, &Task::ForkClear));
    let generations: Vec<_> = said.lines().collect();
    let [first, second] = generations.as_slice() else {
        panic!("{said}");
    };
    assert_ne!(first, second);
}

#[test]
fn what_was_computed_before_an_invalidation_by_another_process_is_not_stored() {
    let server = RedisServer::start();
    let [mut one, mut other] = [(); 2].map(|()| Worker::start(&server));
    for round in 0..3 {
        assert!(other.ask(9, "a").starts_with('a'));
        assert_eq!(one.hold(1), "running", "{round}");
        assert_eq!(other.invalidate(1), "false", "{round}");
        assert_eq!(one.release("old"), "old miss");
        // Neither the process of the body nor the one that invalidated has stored the old value.
        assert_eq!(other.ask(1, "new"), "new miss");
        assert_eq!(one.ask(1, "x"), "new hit_redis");
        assert_eq!(one.invalidate(1), "true");
    }
}

/// An invalidation is of one entry.
#[test]
fn what_was_computed_meanwhile_of_another_entry_is_stored() {
    let server = RedisServer::start();
    let [mut one, mut other] = [(); 2].map(|()| Worker::start(&server));
    for worker in [&mut one, &mut other] {
        worker.ask(9, "a");
    }
    assert_eq!(one.hold(1), "running");
    assert_eq!(other.invalidate(2), "false");
    assert_eq!(one.release("kept"), "kept miss");
    assert_eq!(other.ask(1, "x"), "kept hit_redis");
}

/// A process may compute right after it has invalidated, before it knows the number of its invalidation.
#[test]
fn what_is_computed_after_an_own_invalidation_is_stored() {
    let server = RedisServer::start();
    let [mut one, mut other] = [(); 2].map(|()| Worker::start(&server));
    let mut admin = server.connection();
    // From the second on it has a connection for look-ups alone, in which nothing waits for the invalidation.
    for n in 1000..1010 {
        one.ask(n, "a");
    }
    for n in 0..5 {
        // Redis takes the invalidation when the body has run.
        run(&mut admin, &["CLIENT", "PAUSE", "200", "WRITE"]);
        let said = one.take(&HeldStep::InvalidateAndAsk(n, "own".to_owned()));
        assert_eq!(said, "own miss");
        assert_eq!(other.ask(n, "x"), "own hit_redis");
    }
}

/// More invalidations than Redis records: a value that may have been invalidated is not stored.
#[test]
fn an_invalidation_holds_after_many_others() {
    let server = RedisServer::start();
    let [mut one, mut other] = [(); 2].map(|()| Worker::start(&server));
    for worker in [&mut one, &mut other] {
        worker.ask(9, "a");
    }
    assert_eq!(one.hold(1), "running");
    assert_eq!(other.invalidate(1), "false");
    for first in [1000, 1500, 2000] {
        let many = HeldStep::InvalidateMany { first, count: 500 };
        assert_eq!(other.take(&many), "done");
    }
    assert_eq!(one.release("old"), "old miss");
    assert_eq!(other.ask(1, "new"), "new miss");
    let mut admin = server.connection();
    let held: u64 = redis::cmd("ZCARD")
        .arg("hc:{held}:i")
        .query(&mut admin)
        .unwrap();
    assert_eq!(held, 1024);
    // Values of bodies that begin now are stored.
    assert_eq!(one.ask(3, "b"), "b miss");
    assert_eq!(other.ask(3, "x"), "b hit_redis");
}

/// Garbage in the record of clears and invalidations: the next stores mend it, and both hold again.
#[test]
fn garbage_in_what_is_known_of_deletions_is_mended() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    let [mut one, mut other] = [(); 2].map(|()| Worker::start(&server));
    let mut garbage: Vec<Vec<u8>> = [
        "",
        "1",
        "-1",
        "x",
        "18446744073709551616",
        "9223372036854775807",
        "4503599627370496",
        "1e300",
        "nan",
        "0123456789ABCDEF",
        "0123456789abcdef",
    ]
    .map(Into::into)
    .into();
    let mut random = fastrand::Rng::with_seed(13);
    garbage.extend((0..20).map(|_| {
        let len = random.usize(..20);
        (0..len).map(|_| random.u8(..)).collect()
    }));
    let fields = ["generation", "invbase", "inv", "invfloor", "clearing"];
    let mut n = 100;
    for text in &garbage {
        for field in fields {
            one.invalidate(1);
            redis::cmd("HSET")
                .arg(META)
                .arg(field)
                .arg(text)
                .exec(&mut admin)
                .unwrap();
            check(&mut one, &mut other, &mut n, &format!("{field} {text:?}"));
        }
    }
    for score in ["inf", "-inf", "1.5", "1e300", "9007199254740993", "-7"] {
        other.invalidate(1);
        let members: Vec<Vec<u8>> = redis::cmd("ZRANGE")
            .arg(&["hc:{held}:i", "0", "-1"])
            .query(&mut admin)
            .unwrap();
        for member in members {
            redis::cmd("ZADD")
                .arg("hc:{held}:i")
                .arg(score)
                .arg(member)
                .exec(&mut admin)
                .unwrap();
        }
        check(&mut one, &mut other, &mut n, &format!("score {score}"));
    }
    for key in [META, "hc:{held}:i", "hc:{held}:z"] {
        for command in ["SET", "SADD", "LPUSH"] {
            one.invalidate(1);
            redis::cmd("DEL").arg(key).exec(&mut admin).unwrap();
            redis::cmd(command)
                .arg(&[key, "x"])
                .exec(&mut admin)
                .unwrap();
            check(&mut one, &mut other, &mut n, &format!("{command} {key}"));
        }
    }
}

/// Both processes store again after a value each at most, and a body that runs while its entry is deleted stores nothing.
#[track_caller]
fn check(one: &mut Worker, other: &mut Worker, n: &mut u32, what: &str) {
    for _ in 0..20 {
        let late = one.late + other.late;
        *n += 10;
        let differs = check_once(one, other, *n).err();
        // On a busy machine a look-up may come too late, and then nothing else is as it would be.
        if one.late + other.late == late {
            assert_eq!(differs, None, "{what}");
            return;
        }
    }
    panic!("look-ups are late all the time");
}

fn check_once(one: &mut Worker, other: &mut Worker, n: u32) -> Result<(), String> {
    let differs = |said: String, expected: &str| match said {
        said if said == expected => Ok(()),
        said => Err(format!("{said} in place of {expected}")),
    };
    for (place, worker) in (0..).zip([&mut *one, &mut *other]) {
        // A call that finds the garbage may be refused.
        worker.ask(n * 100 + place, "a");
        worker.ask(n * 100 + 10 + place, "a");
    }
    let [second, third] = [n * 10 + 2, n * 10 + 3];
    differs(one.ask(second, "a"), "a miss")?;
    differs(other.ask(second, "x"), "a hit_redis")?;
    differs(other.ask(third, "b"), "b miss")?;
    differs(one.ask(third, "x"), "b hit_redis")?;
    for delete in [HeldStep::Invalidate(second), HeldStep::Clear] {
        one.invalidate(second);
        differs(one.hold(second), "running")?;
        other.take(&delete);
        differs(one.release("old"), "old miss")?;
        differs(other.ask(second, "new"), "new miss")?;
    }
    Ok(())
}
