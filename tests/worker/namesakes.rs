//! Calls one of two handlers to which the compiler gives one name, and prints the answer and its result. Each process calls one
//! of them only.

use cache_tests_support::{Namesake, flush_all};
use redis_cache_runtime::{CacheStatus, Outcome, handler_cache, observe};

use crate::{shards, wait_for_redis};

trait Model {
    const NAME: &'static str;
}

#[handler_cache(shards = shards(), timeout = "5s")]
fn generic<M: Model>(_n: u64) -> String {
    M::NAME.to_owned()
}

struct Handler<M>(std::marker::PhantomData<M>);

impl<M: Model> Handler<M> {
    #[handler_cache(shards = shards(), timeout = "5s")]
    fn handle(&self, _n: u64) -> String {
        M::NAME.to_owned()
    }
}

macro_rules! local {
    ($name:literal, $call:expr) => {{
        struct Local;
        impl Model for Local {
            const NAME: &'static str = $name;
        }
        $call(std::marker::PhantomData::<Local>)
    }};
}

fn call_generic<M: Model>(_: std::marker::PhantomData<M>, n: u64) -> String {
    generic::<M>(n)
}

fn local_types(kind: Namesake, n: u64) -> String {
    if kind == Namesake::A {
        local!("A", |local| call_generic(local, n))
    } else {
        local!("B", |local| call_generic(local, n))
    }
}

fn local_types_of_a_method(kind: Namesake, n: u64) -> String {
    if kind == Namesake::A {
        local!("A", |local| Handler(local).handle(n))
    } else {
        local!("B", |local| Handler(local).handle(n))
    }
}

fn local_types_with_methods(kind: Namesake, n: u64) -> String {
    if kind == Namesake::A {
        struct Local;
        impl Local {
            #[handler_cache(shards = shards(), timeout = "5s")]
            fn score(&self, _n: u64) -> String {
                "A".to_owned()
            }
        }
        Local.score(n)
    } else {
        struct Local;
        impl Local {
            #[handler_cache(shards = shards(), timeout = "5s")]
            fn score(&self, _n: u64) -> String {
                "B".to_owned()
            }
        }
        Local.score(n)
    }
}

fn local_traits(kind: Namesake, n: u64) -> String {
    struct Scored;
    if kind == Namesake::A {
        trait Score {
            fn score(&self, n: u64) -> String;
        }
        impl Score for Scored {
            #[handler_cache(shards = shards(), timeout = "5s")]
            fn score(&self, _n: u64) -> String {
                "A".to_owned()
            }
        }
        Scored.score(n)
    } else {
        trait Score {
            fn score(&self, n: u64) -> String;
        }
        impl Score for Scored {
            #[handler_cache(shards = shards(), timeout = "5s")]
            fn score(&self, _n: u64) -> String {
                "B".to_owned()
            }
        }
        Scored.score(n)
    }
}

fn arms(kind: Namesake, n: u64) -> String {
    match kind {
        Namesake::A => {
            #[handler_cache(shards = shards(), timeout = "5s")]
            fn score(_n: u64) -> String {
                "A".to_owned()
            }
            score(n)
        }
        Namesake::B => {
            #[handler_cache(shards = shards(), timeout = "5s")]
            fn score(_n: u64) -> String {
                "B".to_owned()
            }
            score(n)
        }
    }
}

trait Score {
    fn score(&self, n: u64) -> String;
}

struct A;
struct B;

macro_rules! scorer {
    ($ty:ident, $answer:literal) => {
        const _: () = {
            impl Score for $ty {
                fn score(&self, n: u64) -> String {
                    compute(n)
                }
            }
            #[handler_cache(shards = shards(), timeout = "5s")]
            fn compute(_n: u64) -> String {
                $answer.to_owned()
            }
        };
    };
}

scorer!(A, "A");
scorer!(B, "B");

fn constants(kind: Namesake, n: u64) -> String {
    if kind == Namesake::A {
        A.score(n)
    } else {
        B.score(n)
    }
}

type Pair = fn(Namesake, u64) -> String;

const PAIRS: [(&str, Pair); 6] = [
    ("local types of a function", local_types),
    ("local types of a method", local_types_of_a_method),
    ("local types with methods", local_types_with_methods),
    ("local traits", local_traits),
    ("functions in two arms", arms),
    ("functions in two constants", constants),
];

/// For each pair: whether the answer is right, and whether the handler ran.
pub(crate) fn print(kind: Namesake, n: u64) {
    wait_for_redis();
    for (pair, call) in PAIRS {
        let (value, outcome): (_, Option<Outcome>) = observe(|| call(kind, n));
        let right = if value == kind.answer() {
            "right"
        } else {
            "WRONG"
        };
        let ran = matches!(
            outcome.map(|outcome| outcome.result),
            Some(CacheStatus::Miss)
        );
        println!(
            "{pair}: {right}, {}",
            if ran { "computed" } else { "found" }
        );
    }
    flush_all();
}
