//! The process forks, or runs out of a resource.

use cache_tests_support::{Exhausted, Midway, RedisServer, Task};

use crate::rig::ends_well;

/// The fork comes at any moment of the first calls of another thread.
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

/// The child goes on with the call whose body has forked.
#[test]
fn a_fork_inside_a_body() {
    let server = RedisServer::start();
    ends_well(
        &Task::Midway(Midway::Bodies(200)),
        &[("HANDLER_CACHE_URL", &server.url())],
    );
}

/// The fork comes while calls wait for Redis, for one another, or for their bodies.
#[test]
fn a_fork_while_calls_are_under_way() {
    let server = RedisServer::start();
    ends_well(
        &Task::Midway(Midway::Calls),
        &[("HANDLER_CACHE_URL", &server.url())],
    );
}

/// The program holds handles and operations across the fork.
#[test]
fn a_fork_beside_handles() {
    let server = RedisServer::start();
    ends_well(
        &Task::Midway(Midway::Handles),
        &[("HANDLER_CACHE_URL", &server.url())],
    );
}

/// Descriptors run out before the first call, and later.
#[cfg(target_os = "linux")]
#[test]
fn no_descriptors() {
    let server = RedisServer::start();
    ends_well(
        &Task::Exhausted(Exhausted::Descriptors),
        &[("HANDLER_CACHE_URL", &server.url())],
    );
}

/// No thread can be started, neither the background thread nor another one of the cache.
#[cfg(target_os = "linux")]
#[test]
fn no_threads() {
    let server = RedisServer::start();
    ends_well(
        &Task::Exhausted(Exhausted::Threads),
        &[("HANDLER_CACHE_URL", &server.url())],
    );
}
