//! What happens to the process itself: it forks, or runs out of something.

use cache_tests_support::{Exhausted, Midway, RedisServer, Task};

use crate::rig::ends_well;

/// At any moment of the first calls that another thread makes.
#[test]
fn a_fork_in_the_first_call() {
    let server = RedisServer::start();
    ends_well(
        &Task::Forks {
            rounds: 80,
            children: 4,
        },
        &[("HANDLER_CACHE_URL", &server.url())],
    );
}

/// In a body, whose call the child goes on with.
#[test]
fn a_fork_inside_a_body() {
    let server = RedisServer::start();
    ends_well(
        &Task::Midway(Midway::Bodies(200)),
        &[("HANDLER_CACHE_URL", &server.url())],
    );
}

/// While calls wait for Redis, for one another, or for their bodies.
#[test]
fn a_fork_while_calls_are_under_way() {
    let server = RedisServer::start();
    ends_well(
        &Task::Midway(Midway::Calls),
        &[("HANDLER_CACHE_URL", &server.url())],
    );
}

/// What a program has asked the cache for, and by what.
#[test]
fn a_fork_beside_handles() {
    let server = RedisServer::start();
    ends_well(
        &Task::Midway(Midway::Handles),
        &[("HANDLER_CACHE_URL", &server.url())],
    );
}

/// At the first call, and later.
#[cfg(target_os = "linux")]
#[test]
fn no_descriptors() {
    let server = RedisServer::start();
    ends_well(
        &Task::Exhausted(Exhausted::Descriptors),
        &[("HANDLER_CACHE_URL", &server.url())],
    );
}

/// Neither for the background thread nor for any other of the cache.
#[cfg(target_os = "linux")]
#[test]
fn no_threads() {
    let server = RedisServer::start();
    ends_well(
        &Task::Exhausted(Exhausted::Threads),
        &[("HANDLER_CACHE_URL", &server.url())],
    );
}
