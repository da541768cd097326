//! Pairs of builds of one handler that differ where no description of a type reaches: inside the values of a map, behind a
//! conversion, in the default of a missing field. Both use one cache, with the same arguments; each has an answer of its own.

use std::collections::BTreeMap;

use cache_tests_support::flush_all;
use redis_cache_runtime::{CacheStatus, handler_cache, observe};
use serde::{Deserialize, Serialize};

/// Two builds of a type `Inner` and its value.
macro_rules! pairs {
    ($($pair:ident: { $($first:tt)* } = $one:expr, { $($second:tt)* } = $other:expr;)*) => {
        $(mod $pair {
            pub(super) mod first {
                use super::super::*;

                pairs!(@build $pair, { $($first)* }, $one);
            }
            pub(super) mod second {
                use super::super::*;

                pairs!(@build $pair, { $($second)* }, $other);
            }
        })*

        /// All pairs.
        const PAIRS: &[(&str, [fn() -> (bool, CacheStatus); 2])] = &[
            $((stringify!($pair), [$pair::first::call, $pair::second::call])),*
        ];
    };
    (@build $pair:ident, { $($inner:tt)* }, $value:expr) => {
        $($inner)*

        #[handler_cache(name = cache_tests_support::worker_cache(stringify!($pair)), shards = crate::shards(), timeout = "5s")]
        fn handle(n: u32) -> BTreeMap<u32, Inner> {
            [(n, $value), (n + 1, $value)].into()
        }

        /// Whether the answer is the body's, and how the call ended.
        pub(in super::super) fn call() -> (bool, CacheStatus) {
            let (answer, outcome) = observe(|| handle(1));
            let right = answer == BTreeMap::from([(1, $value), (2, $value)]);
            (right, outcome.map_or(CacheStatus::Bypass, |outcome| outcome.result))
        }
    };
}

pairs! {
    retyped_number:
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { score: f32 } } = Inner { score: 0.5 },
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { score: f64 } } = Inner { score: 0.1 };
    widened_number:
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner(u8); } = Inner(1),
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner(u64); } = Inner(1 << 40);
    swapped_fields:
        { #[derive(Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { a: u8, b: u8 } } = Inner { a: 1, b: 2 },
        { #[derive(Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { b: u8, a: u8 } } = Inner { a: 3, b: 4 };
    swapped_variants:
        { #[derive(Debug, PartialEq, Serialize, Deserialize)] pub(super) enum Inner { Yes(u8), No(u8) } } = Inner::Yes(if false { Inner::No(0).zero() } else { 1 }),
        { #[derive(Debug, PartialEq, Serialize, Deserialize)] pub(super) enum Inner { No(u8), Yes(u8) } } = Inner::No(if false { Inner::Yes(0).zero() } else { 2 });
    optional_field:
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { n: u8 } } = Inner { n: 1 },
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { n: Option<u8> } } = Inner { n: None };
    new_field:
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { n: u8 } } = Inner { n: 1 },
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { n: u8, #[serde(default)] unit: String } } = Inner { n: 1, unit: "m".to_owned() };
    other_default:
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { #[serde(default = "one", skip_serializing_if = "is_one")] n: u8 } } = Inner { n: 1 },
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { #[serde(default = "two")] n: u8 } } = Inner { n: 3 };
    text_for_a_number:
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { n: Option<String> } } = Inner { n: Some("a".to_owned()) },
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { n: Option<u64> } } = Inner { n: Some(5) };
    untagged_variants:
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] #[serde(untagged)] pub(super) enum Inner { N(u8) } } = Inner::N(1),
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] #[serde(untagged)] pub(super) enum Inner { N(f32) } } = Inner::N(0.5);
    tagged_content:
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] #[serde(tag = "type")] pub(super) enum Inner { Score { value: u32 } } } = Inner::Score { value: 1 },
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] #[serde(tag = "type")] pub(super) enum Inner { Score { value: f64 } } } = Inner::Score { value: 0.5 };
    flattened_field:
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { #[serde(flatten)] rest: BTreeMap<String, u8> } } = Inner { rest: [("a".to_owned(), 1)].into() },
        { #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] pub(super) struct Inner { #[serde(flatten)] rest: BTreeMap<String, i64> } } = Inner { rest: [("a".to_owned(), -1)].into() };
}

/// A number that is never asked for.
trait Zero: Sized {
    fn zero(self) -> u8 {
        0
    }
}

impl<T> Zero for T {}

fn one() -> u8 {
    1
}

fn two() -> u8 {
    2
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_one(n: &u8) -> bool {
    *n == 1
}

/// Calls one build of each pair, and prints the pair, whether the answer is right, and how the call ended.
pub(crate) fn call_all(build: usize) {
    crate::wait_for_redis();
    for (name, builds) in PAIRS {
        let (right, result) = builds[build]();
        println!("{name} {right} {result}");
    }
    flush_all();
}
