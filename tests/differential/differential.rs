//! Handlers of types that are made up by chance, cached against uncached. Two builds of each take turns on one Redis, and then
//! both call at once: every answer is the body's, and neither build deletes the other's entries.
//!
//! `cargo xtask differential` makes more calls, of more types.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{iter, process::Command};

use cache_tests_support::{Dialogue, TestRedis, number_from_env};

/// The counts of one handler in a turn.
struct Tally {
    name: String,
    is_stored: bool,
    right: u64,
    hits: u64,
    misses: u64,
    calls: u64,
}

fn start(redis: &TestRedis, build: usize, arguments: u64) -> Dialogue {
    Dialogue::start(
        Command::new(env!("CARGO_BIN_EXE_cache-differential"))
            .args([build.to_string(), arguments.to_string()])
            .envs(redis.environment()),
    )
}

/// Reads the lines of a turn that has begun with an empty line.
fn end_turn(build: &mut Dialogue) -> Vec<Tally> {
    iter::repeat_with(|| build.receive())
        .take_while(|line| line != "end")
        .map(|line| Tally::of(&line))
        .collect()
}

impl Tally {
    fn of(line: &str) -> Self {
        let [name, is_stored, right, hits, misses, calls] = line.split(' ').collect::<Vec<_>>()[..]
        else {
            panic!("{line}")
        };
        Self {
            name: name.to_owned(),
            is_stored: is_stored.parse().unwrap(),
            right: right.parse().unwrap(),
            hits: hits.parse().unwrap(),
            misses: misses.parse().unwrap(),
            calls: calls.parse().unwrap(),
        }
    }
}

#[derive(Debug, Default)]
struct Total {
    calls: u64,
    hits: u64,
    wrong: u64,
    /// Misses of handlers all of whose answers are stored, from the second turn of a build on.
    missed: u64,
    /// Handlers all of whose answers are stored.
    stored: usize,
    handlers: usize,
}

impl Total {
    fn add(&mut self, tallies: &[Tally], turn: u64) {
        for tally in tallies {
            self.calls += tally.calls;
            self.hits += tally.hits;
            self.wrong += tally.calls - tally.right;
            if turn > 0 && tally.is_stored && tally.misses > 0 {
                println!("{}: {} misses", tally.name, tally.misses);
                self.missed += tally.misses;
            }
        }
        self.handlers = tallies.len();
        self.stored = tallies.iter().filter(|tally| tally.is_stored).count();
    }
}

#[test]
fn two_builds_that_take_turns_are_never_wrong_and_both_hit() {
    let redis = TestRedis::start_or_find();
    let turns = number_from_env("DIFFERENTIAL_TURNS", 6);
    let arguments = number_from_env("DIFFERENTIAL_ARGUMENTS", 8);
    let mut builds = [0, 1].map(|build| start(&redis, build, arguments));
    let mut total = Total::default();
    for turn in 0..turns {
        if turn < turns / 2 {
            for build in &mut builds {
                build.send("");
                total.add(&end_turn(build), turn);
            }
        } else {
            for build in &mut builds {
                build.send("");
            }
            for build in &mut builds {
                total.add(&end_turn(build), turn);
            }
        }
    }
    builds.into_iter().for_each(Dialogue::finish);
    println!("{total:?}");
    assert_eq!((total.wrong, total.missed), (0, 0));
    assert!(total.stored * 2 > total.handlers, "few types tell much");
    assert!(total.hits * 2 > total.calls, "few calls were hits");
}
