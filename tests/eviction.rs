//! The bound and the order of eviction.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "eviction/oracle.rs"]
mod oracle;
#[path = "eviction/random.rs"]
mod random;

use cache_tests_support::{
    Churn, Dialogue, Running, Task, TestRedis, cache, cache_keys, cache_sizes, config, flush,
    in_one_shard, number_from_env, shard_written_by, shards, shared, worker,
};
use redis_cache_runtime::{CacheStatus, handler_cache, observe};

use crate::{oracle::Oracle, random::Random};

#[test]
fn the_least_recently_used_entry_goes_first() {
    #[handler_cache(config = config(), shards = shards(), name = "abac", timeout = "5s", maxsize = 2 * usize::from(shards()))]
    fn upper(text: &str) -> String {
        text.to_uppercase()
    }

    let letter = |n: u32| char::from_u32(u32::from('a') + n).unwrap().to_string();
    let mut connection = shared().connection();
    let letters = in_one_shard(&mut connection, "abac", 3, |n| drop(upper(&letter(n))));
    let [a, b, c] = [0, 1, 2].map(|place| letter(letters[place]));
    for text in [&a, &b, &a, &c] {
        upper(text);
    }
    flush("abac");
    assert_eq!(cache_keys(&mut connection, "abac").len(), 2);
    let result = |text| observe(|| upper(text)).1.unwrap().result;
    assert_eq!(result(&a), CacheStatus::HitRedis);
    assert_eq!(result(&c), CacheStatus::HitRedis);
    assert_eq!(result(&b), CacheStatus::Miss);
}

/// Ten thousand of them, or as many as `LRU_ORACLE_CALLS` says.
#[test]
fn many_random_calls_leave_what_a_list_would_keep() {
    const ARGUMENTS: u32 = 1000;
    // A store that finds the queue full is dropped.
    const MOST_QUEUED: u32 = 500;

    #[handler_cache(config = config(), shards = shards(), name = "oracle", maxsize = 50, timeout = "10s")]
    fn square(n: u32) -> u64 {
        u64::from(n) * u64::from(n)
    }

    let calls = number_from_env("LRU_ORACLE_CALLS", 10_000);
    let mut connection = shared().connection();
    let places = (0..ARGUMENTS)
        .map(|n| {
            shard_written_by(&mut connection, "oracle", || {
                square(n);
                flush("oracle");
            })
        })
        .collect();
    cache("oracle").clear().wait().unwrap();

    let mut random = Random(7);
    let mut oracle = Oracle::new(50, shards(), places);
    let mut queued = 0;
    for step in 0..calls {
        let n = random.mostly_below(60, ARGUMENTS);
        // A value on its way to Redis is found in the process, so hits need no flush. An evicted entry may still be a hit on
        // its way, or for a look-up that overtakes the store that evicts it.
        if oracle.is_leaving(n) || queued == MOST_QUEUED {
            flush("oracle");
            oracle.flushed();
            queued = 0;
        }
        let hit = oracle.call(n);
        let (value, outcome) = observe(|| square(n));
        assert_eq!(value, u64::from(n) * u64::from(n));
        let result = outcome.unwrap().result;
        assert_eq!(result.is_hit(), hit, "step {step}, {n}: {result}");
        // A value that is used while it is queued may be queued once more.
        queued += u32::from(result != CacheStatus::HitRedis);
    }
    flush("oracle");
    assert_eq!(cache_keys(&mut connection, "oracle").len(), 50);
    for n in oracle.entries() {
        let result = observe(|| square(n)).1.unwrap().result;
        assert_eq!(result, CacheStatus::HitRedis, "{n}");
    }
}

/// Whether a process did not wait for Redis: where a busy machine makes a body slow, so that it has a say in how long a look-up may
/// take. The value is stored all the same, so the order is what it would be after an answer.
fn is_given_up(result: &str) -> bool {
    result == CacheStatus::ErrorOpen.as_str()
}

#[test]
fn eight_processes_that_take_turns_leave_what_a_list_would_keep() {
    const ARGUMENTS: u32 = 80;
    const STEPS: u32 = 600;

    let redis = TestRedis::start_or_find();
    let name = redis.worker_cache("turns");
    let mut workers: Vec<_> = (0..8)
        .map(|_| Dialogue::start(worker!(Task::Turns).envs(redis.environment())))
        .collect();
    let mut connection = redis.connection();
    // Finding out where the arguments lie takes calls that count.
    let place = |n: u32| {
        let worker = &mut workers[n as usize % 8];
        shard_written_by(&mut connection, &name, || {
            let result = worker.ask(&n.to_string());
            assert!(is_given_up(&result) || result == "miss", "{n}: {result}");
        })
    };
    let places = (0..ARGUMENTS).map(place).collect();
    let mut oracle = Oracle::new(20, shards(), places);
    for n in 0..ARGUMENTS {
        oracle.call(n);
    }
    let mut random = Random(11);
    let mut given_up = 0;
    for step in 0..STEPS {
        let worker = random.below(8) as usize;
        let n = random.mostly_below(25, ARGUMENTS);
        let expected = if oracle.call(n) { "hit_redis" } else { "miss" };
        let result = workers[worker].ask(&n.to_string());
        if is_given_up(&result) {
            given_up += 1;
        } else {
            assert_eq!(result, expected, "step {step}, {n} in process {worker}");
        }
    }
    assert!(given_up < STEPS / 2, "{given_up} of {STEPS}");
    let held = cache_keys(&mut connection, &name).len();
    assert_eq!(held, oracle.entries().len());
    workers.into_iter().for_each(Dialogue::finish);
}

fn start(redis: &TestRedis, task: &Task) -> Running {
    Running::start(worker!(task).envs(redis.environment()))
}

/// Counts the entries of each shard again and again while workers run, and at the end. `start` is asked for workers until
/// there are enough samples.
fn observe_sizes(
    redis: &TestRedis,
    name: &str,
    shards: u16,
    mut start: impl FnMut() -> Vec<Running>,
) -> Vec<Vec<usize>> {
    let mut observer = redis.connection();
    let mut samples = Vec::new();
    while samples.len() < 100 {
        let mut workers = start();
        while workers.iter_mut().any(Running::is_running) {
            samples.push(cache_sizes(&mut observer, name, shards));
        }
        workers.into_iter().for_each(Running::finish);
        samples.push(cache_sizes(&mut observer, name, shards));
    }
    samples
}

/// Has eight processes call, and gives the sizes that were seen meanwhile.
fn churn(redis: &TestRedis, cache: Churn, shards: u16) -> Vec<Vec<usize>> {
    let mut seed = 0;
    let mut start_next = || {
        seed += 1;
        let calls = 400;
        start(redis, &Task::Churn { cache, seed, calls })
    };
    observe_sizes(redis, &redis.worker_cache(cache.cache()), shards, || {
        (0..8).map(|_| start_next()).collect()
    })
}

#[test]
fn nobody_ever_sees_more_entries_than_the_bound() {
    let redis = TestRedis::start_or_find();
    let samples = churn(&redis, Churn::Plain, shards());
    for sizes in &samples {
        assert!(sizes.iter().all(|size| *size <= 2), "{sizes:?}");
    }
    let last = samples.last().unwrap();
    assert!(last.iter().all(|size| *size == 2), "{last:?}");
}

#[test]
fn nobody_ever_sees_more_entries_than_the_bound_where_they_expire() {
    let redis = TestRedis::start_or_find();
    let samples = churn(&redis, Churn::Ttl, shards());
    for sizes in &samples {
        assert!(sizes.iter().all(|size| *size <= 2), "{sizes:?}");
    }
    let is_full = |sizes: &Vec<usize>| sizes.contains(&2);
    assert!(samples.iter().any(is_full));
}

#[test]
fn nobody_ever_sees_more_entries_than_the_bound_of_each_shard() {
    let redis = TestRedis::start_or_find();
    let samples = churn(&redis, Churn::Shards, 3);
    for sizes in &samples {
        let is_bounded = sizes
            .iter()
            .zip([3, 2, 2])
            .all(|(size, bound)| *size <= bound);
        assert!(is_bounded, "{sizes:?}");
    }
    assert_eq!(samples.last().unwrap(), &[3, 2, 2]);
}

/// How many entries a shard has at most before and after the bound is made smaller.
const LARGE: usize = 200;
const SMALL: usize = 10;

/// A worker that stores so many values, `each` of them being the bound of a shard.
fn shrinking(redis: &TestRedis, first: u64, calls: usize, each: usize) -> Running {
    let maxsize = each * usize::from(shards());
    let calls = calls as u64;
    let task = Task::Shrink {
        first,
        calls,
        maxsize,
    };
    start(redis, &task)
}

/// Fills the cache, and gives the sizes of its shards.
fn fill(redis: &TestRedis) -> Vec<usize> {
    let calls = LARGE * usize::from(shards());
    shrinking(redis, 0, calls, LARGE).finish();
    let name = redis.worker_cache("shrink");
    let sizes = cache_sizes(&mut redis.connection(), &name, shards());
    // Only where there is one shard do as many calls fill all of it.
    if sizes.len() == 1 {
        assert_eq!(sizes, [LARGE]);
    }
    assert!(sizes.iter().all(|size| (LARGE / 2..=LARGE).contains(size)));
    sizes
}

#[test]
fn a_smaller_bound_is_reached_in_steps() {
    let redis = TestRedis::start_or_find();
    let name = redis.worker_cache("shrink");
    let mut before = fill(&redis);
    for step in 0..6 {
        shrinking(&redis, 10_000 + step, 1, SMALL).finish();
        let after = cache_sizes(&mut redis.connection(), &name, shards());
        let differs = |place: &usize| before[*place] != after[*place];
        let changed: Vec<_> = (0..before.len()).filter(differs).collect();
        // A store removes at most 128 entries, and adds one, in its own shard.
        for place in &changed {
            let expected = before[*place].saturating_sub(127).max(SMALL);
            assert_eq!(after[*place], expected, "{before:?}, then {after:?}");
        }
        let was_full = before.contains(&SMALL);
        assert!(changed.len() == 1 || was_full, "{before:?}, then {after:?}");
        before = after;
    }
}

#[test]
fn nobody_ever_sees_a_cache_grow_whose_bound_is_made_smaller() {
    let redis = TestRedis::start_or_find();
    let name = redis.worker_cache("shrink");
    let mut before = fill(&redis);
    let mut first = 0;
    let mut start = || {
        first += 10_000;
        shrinking(&redis, first, 400, SMALL)
    };
    let samples = observe_sizes(&redis, &name, shards(), || {
        (0..8).map(|_| start()).collect()
    });
    for sizes in samples {
        for (now, before) in sizes.iter().zip(&before) {
            assert!(*now <= SMALL.max(*before), "{before:?}, then {sizes:?}");
        }
        before = sizes;
    }
    assert!(before.iter().all(|size| *size == SMALL), "{before:?}");
}

#[test]
fn foreign_keys_survive_everything() {
    let redis = TestRedis::start_or_find();
    let mut connection = redis.connection();
    let name = redis.worker_cache("churn");
    let foreign = [
        "app".to_owned(),
        "hc:".to_owned(),
        "hc:{other}:v:00".to_owned(),
        format!("hc:{{{name}}}"),
        format!("hc:{{{name}}}x:v:00"),
        format!("{{{name}}}"),
    ];
    for key in &foreign {
        redis::cmd("SET")
            .arg(key)
            .arg("mine")
            .exec(&mut connection)
            .unwrap();
    }
    let churn = Task::Churn {
        cache: Churn::Plain,
        seed: 1,
        calls: 200,
    };
    start(&redis, &churn).finish();
    start(&redis, &Task::Clear(1)).finish();
    assert_eq!(cache_keys(&mut connection, &name), Vec::<String>::new());
    for key in &foreign {
        let value: Option<String> = redis::cmd("GET").arg(key).query(&mut connection).unwrap();
        assert_eq!(value.as_deref(), Some("mine"), "{key}");
    }
}
