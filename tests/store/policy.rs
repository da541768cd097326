//! A server that evicts by itself may evict the order of uses, on which the bound rests.

use cache_tests_support::{RedisServer, Task, output_of};

use crate::worker::command;

fn warnings(args: &[&str]) -> usize {
    let server = RedisServer::start_with(args);
    let output = output_of(command(&server, &Task::Clear(1)).env("RUST_LOG", "warn"));
    let log = String::from_utf8(output.stderr).unwrap();
    log.matches("maxmemory-policy").count()
}

#[test]
fn a_policy_that_may_evict_the_order_is_warned_of_once() {
    let with =
        |policy, maxmemory| warnings(&["--maxmemory-policy", policy, "--maxmemory", maxmemory]);
    assert_eq!(with("allkeys-lru", "100mb"), 1);
    assert_eq!(with("allkeys-lru", "0"), 0);
    assert_eq!(with("volatile-lru", "100mb"), 0);
    assert_eq!(with("noeviction", "100mb"), 0);
}
