//! Two builds of a program that take turns on one Redis. Their types differ only in their values: see
//! `worker/pairs.rs`.

use cache_tests_support::{Task, TestRedis, stdout_of, worker};

#[test]
fn builds_that_only_values_tell_apart_both_hit_and_are_never_wrong() {
    let redis = TestRedis::start_or_find();
    let call = |build| -> Vec<(String, String)> {
        let lines = stdout_of(worker!(Task::Pairs(build)).envs(redis.environment()));
        lines
            .lines()
            .map(|line| {
                let [name, right, result] = line.split(' ').collect::<Vec<_>>()[..] else {
                    panic!("{line}")
                };
                assert_eq!(right, "true", "{name}");
                (name.to_owned(), result.to_owned())
            })
            .collect()
    };
    for round in 0..3 {
        for build in [0, 1] {
            let expected = if round == 0 { "miss" } else { "hit_redis" };
            for (name, result) in call(build) {
                assert_eq!(result, expected, "{name}, build {build}, round {round}");
            }
        }
    }
}
