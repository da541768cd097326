//! Handlers never answer for one another.

#![expect(clippy::option_option, reason = "odd types are what is tested")]

#[path = "isolation/names.rs"]
mod names;

use std::marker::PhantomData;

use cache_tests_support::{
    Namesake, Task, TestRedis, cache, config, flush_all, shards, stdout_of, worker,
};
use redis_cache_runtime::{CacheIdentity, CacheStatus, handler_cache, observe};

#[test]
fn two_handlers_with_the_same_arguments() {
    #[handler_cache(config = config(), shards = shards())]
    fn double(n: u32) -> u32 {
        n * 2
    }
    #[handler_cache(config = config(), shards = shards())]
    fn triple(n: u32) -> u32 {
        n * 3
    }
    for _ in 0..2 {
        assert_eq!((double(5), triple(5)), (10, 15));
        flush_all();
    }
}

#[test]
fn two_functions_of_one_name_in_two_modules() {
    mod left {
        #[redis_cache_runtime::handler_cache(config = super::config(), shards = super::shards())]
        pub(super) fn score(n: u32) -> u32 {
            n + 1
        }
    }
    mod right {
        #[redis_cache_runtime::handler_cache(config = super::config(), shards = super::shards())]
        pub(super) fn score(n: u32) -> u32 {
            n + 2
        }
    }
    for _ in 0..2 {
        assert_eq!((left::score(5), right::score(5)), (6, 7));
        flush_all();
    }
}

#[test]
fn two_types_two_traits_and_the_name_of_a_cache() {
    trait Left {
        fn score(&self, n: u32) -> u32;
    }
    trait Right {
        fn score(&self, n: u32) -> u32;
    }
    struct A;
    struct B;
    impl Left for A {
        #[handler_cache(config = config(), shards = shards())]
        fn score(&self, n: u32) -> u32 {
            n + 1
        }
    }
    impl Right for A {
        #[handler_cache(config = config(), shards = shards())]
        fn score(&self, n: u32) -> u32 {
            n + 2
        }
    }
    impl Left for B {
        #[handler_cache(config = config(), shards = shards())]
        fn score(&self, n: u32) -> u32 {
            n + 3
        }
    }
    impl B {
        #[handler_cache(config = config(), shards = shards())]
        fn score(n: u32) -> u32 {
            n + 4
        }
    }
    for _ in 0..2 {
        let scores = (
            Left::score(&A, 5),
            Right::score(&A, 5),
            Left::score(&B, 5),
            B::score(5),
        );
        assert_eq!(scores, (6, 7, 8, 9));
        flush_all();
    }
    let path = "isolation::two_types_two_traits_and_the_name_of_a_cache";
    for name in [
        format!("<{path}::A as {path}::Left>::score"),
        format!("<{path}::A as {path}::Right>::score"),
        format!("<{path}::B as {path}::Left>::score"),
        format!("{path}::B::score"),
    ] {
        let cache = cache(&name);
        assert_eq!(cache.name(), format!("cache-tests::{name}"));
    }
}

#[test]
fn instantiations_of_a_generic_handler() {
    trait Model {
        const FACTOR: u32;
    }
    struct Small;
    struct Large;
    impl Model for Small {
        const FACTOR: u32 = 2;
    }
    impl Model for Large {
        const FACTOR: u32 = 3;
    }

    struct Handler<M>(std::marker::PhantomData<M>);
    impl<M: Model> Handler<M> {
        #[handler_cache(config = config(), shards = shards())]
        fn method(&self, n: u32) -> u32 {
            n * M::FACTOR
        }
        #[handler_cache(config = config(), shards = shards(), name = "named-generic")]
        fn associated(n: u32) -> u32 {
            n * M::FACTOR
        }
    }
    #[handler_cache(config = config(), shards = shards(), timeout = "5s")]
    fn free<M: Model>(n: u32) -> u32 {
        n * M::FACTOR
    }
    #[handler_cache(config = config(), shards = shards())]
    fn sized<const N: usize>(n: usize) -> usize {
        n * N
    }

    let small = Handler::<Small>(std::marker::PhantomData);
    let large = Handler::<Large>(std::marker::PhantomData);
    for _ in 0..2 {
        assert_eq!((small.method(5), large.method(5)), (10, 15));
        assert_eq!(
            (
                Handler::<Small>::associated(5),
                Handler::<Large>::associated(5)
            ),
            (10, 15)
        );
        assert_eq!((free::<Small>(5), free::<Large>(5)), (10, 15));
        assert_eq!((sized::<2>(5), sized::<3>(5)), (10, 15));
        flush_all();
    }
    let (_, outcome) = observe(|| free::<Large>(5));
    assert_eq!(outcome.unwrap().result, CacheStatus::HitRedis);
}

#[test]
fn a_default_method_of_a_trait() {
    trait Scores {
        fn factor(&self) -> u32;
        #[handler_cache(config = config(), shards = shards())]
        fn score(&self, n: u32) -> u32 {
            n * self.factor()
        }
    }
    struct A;
    struct B;
    impl Scores for A {
        fn factor(&self) -> u32 {
            2
        }
    }
    impl Scores for B {
        fn factor(&self) -> u32 {
            3
        }
    }
    for _ in 0..2 {
        assert_eq!((A.score(5), B.score(5)), (10, 15));
        flush_all();
    }
}

#[test]
fn arguments_that_look_alike() {
    #[handler_cache(config = config(), shards = shards())]
    fn join(left: &str, right: &str) -> String {
        format!("{left}|{right}")
    }
    #[handler_cache(config = config(), shards = shards())]
    fn depth(n: Option<Option<u32>>) -> u32 {
        match n {
            None => 0,
            Some(None) => 1,
            Some(Some(n)) => n,
        }
    }
    #[handler_cache(config = config(), shards = shards())]
    fn shape<T: serde::Serialize + std::fmt::Debug>(value: T) -> String {
        format!("{value:?}")
    }
    for _ in 0..2 {
        assert_eq!(join("ab", "c"), "ab|c");
        assert_eq!(join("a", "bc"), "a|bc");
        assert_eq!(
            (depth(None), depth(Some(None)), depth(Some(Some(2)))),
            (0, 1, 2)
        );
        assert_eq!(
            (shape(5u32), shape(Some(5u32)), shape(5u8)),
            ("5".into(), "Some(5)".into(), "5".into())
        );
        assert_eq!(
            (shape([1u8, 2]), shape((1u8, 2u8))),
            ("[1, 2]".into(), "(1, 2)".into())
        );
        flush_all();
    }
}

/// Each build is a process that opens the same cache with a handler of other types; see `worker/builds.rs`.
#[test]
fn builds_with_other_types() {
    let redis = TestRedis::start_or_find();
    let answer = |build: &str| {
        let task = Task::Build(build.to_owned());
        let said = stdout_of(worker!(task).envs(redis.environment()));
        said.trim().to_owned()
    };
    let builds = [
        "first",
        "reordered_fields",
        "retyped_fields",
        "renamed_field",
        "other_argument_name",
        "retyped_answer",
        "reordered_answer",
        "answer_with_a_new_default",
        "optional_answer",
    ];
    for build in builds {
        assert_eq!(answer(build), format!("{build} miss"));
    }
    for build in builds {
        assert_eq!(answer(build), format!("{build} hit_redis"));
    }
    // The same code in another place, under the same name, is the same handler.
    assert_eq!(answer("first_moved"), "first hit_redis");
}

/// See `worker/namesakes.rs`: whichever of two processes comes first, neither gets the other's answers, and each finds its own.
#[test]
fn namesakes_in_two_processes() {
    let redis = TestRedis::start_or_find();
    let answers = |namesake, n| {
        let task = Task::Namesakes { namesake, n };
        stdout_of(worker!(task).envs(redis.environment()))
    };
    for order in [[Namesake::A, Namesake::B], [Namesake::B, Namesake::A]] {
        let n = fastrand::u64(..);
        for expected in ["right, computed", "right, found"] {
            for kind in order {
                let answers = answers(kind, n);
                assert_eq!(answers.lines().count(), 6);
                for answer in answers.lines() {
                    assert!(
                        answer.ends_with(expected),
                        "{kind:?} of {order:?}: {answer}"
                    );
                }
            }
        }
    }
}

/// A call, its value, and how it is answered.
type ExpectedCall<T> = (fn(&T) -> u32, u32, CacheStatus);

/// An implementor of the trait may have an identity, or not: the default body can't know.
#[test]
fn instances_of_a_default_body() {
    struct Model(u32);
    impl CacheIdentity for Model {
        fn cache_identity(&self) -> impl serde::Serialize {
            self.0
        }
    }

    trait Scores {
        fn factor(&self) -> u32;
        #[handler_cache(config = config(), shards = shards(), name = "default-body", timeout = "5s")]
        fn score(&self, n: u32) -> u32 {
            n * self.factor()
        }
        #[handler_cache(config = config(), shards = shards(), name = "default-body-async", timeout = "5s")]
        async fn awaited(&self, n: u32) -> u32 {
            n * self.factor()
        }
        #[handler_cache(config = config(), shards = shards(), name = "default-body-version", timeout = "5s", version = self.factor())]
        fn versioned(&self, n: u32) -> u32 {
            n * self.factor()
        }
        #[handler_cache(config = config(), shards = shards(), name = "default-body-static", timeout = "5s")]
        fn associated(n: u32) -> u32 {
            n + 1
        }
    }
    impl Scores for Model {
        fn factor(&self) -> u32 {
            self.0
        }
    }

    trait Identified: CacheIdentity {
        fn factor(&self) -> u32;
        #[handler_cache(config = config(), shards = shards(), name = "default-body-identified", timeout = "5s")]
        fn score(&self, n: u32) -> u32 {
            n * self.factor()
        }
    }
    impl Identified for Model {
        fn factor(&self) -> u32 {
            self.0
        }
    }

    trait Blanket {
        fn blanket(&self, n: u32) -> u32;
    }
    impl<T: Scores> Blanket for T {
        #[handler_cache(config = config(), shards = shards(), name = "blanket", timeout = "5s")]
        fn blanket(&self, n: u32) -> u32 {
            n * self.factor()
        }
    }

    let (double, triple) = (Model(2), Model(3));
    let calls: [ExpectedCall<Model>; 6] = [
        (|model| Scores::score(model, 5), 5, CacheStatus::Bypass),
        (
            |model| pollster::block_on(model.awaited(5)),
            5,
            CacheStatus::Bypass,
        ),
        (|model| model.blanket(5), 5, CacheStatus::Bypass),
        (|model| model.versioned(5), 5, CacheStatus::HitRedis),
        (
            |model| Identified::score(model, 5),
            5,
            CacheStatus::HitRedis,
        ),
        (|_| Model::associated(5), 0, CacheStatus::HitRedis),
    ];
    for (at, (call, times, result)) in calls.into_iter().enumerate() {
        let expected = |model: &Model| if times == 0 { 6 } else { model.0 * times };
        for _ in 0..2 {
            for model in [&double, &triple] {
                assert_eq!(call(model), expected(model), "{at}");
                flush_all();
            }
        }
        for model in [&double, &triple] {
            let (value, outcome) = observe(|| call(model));
            let expected = (expected(model), result);
            assert_eq!((value, outcome.unwrap().result), expected, "{at}");
        }
    }
}
