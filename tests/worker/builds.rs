//! One handler as several builds of a program would have it: the same cache name and arguments of the same content, but
//! other types. Each answers with its own name.

use cache_tests_support::{flush, worker_cache};
use redis_cache_runtime::observe;

/// For each build: its name, the argument's name, its fields, and the fields of the answer.
macro_rules! builds {
    ($($name:ident: $query:ident { $($field:ident: $type:ty = $value:expr),* },
     { $($(#[$attribute:meta])* $answer:ident: $answer_type:ty = $answer_value:expr),* };)*) => {
        $(mod $name {
            #[derive(serde::Serialize)]
            struct Query { $($field: $type),* }

            #[derive(serde::Serialize, serde::Deserialize)]
            struct Answer { build: String, $($(#[$attribute])* $answer: $answer_type),* }

            #[redis_cache_runtime::handler_cache(name = super::worker_cache("builds"), shards = crate::shards())]
            fn handle($query: &Query) -> Answer {
                $(let _ = $query.$field;)*
                Answer { build: stringify!($name).to_owned(), $($answer: $answer_value),* }
            }

            pub(super) fn call() -> String {
                let answer = handle(&Query { $($field: $value),* });
                $(let _ = answer.$answer;)*
                answer.build
            }
        })*

        const BUILDS: &[(&str, fn() -> String)] = &[$((stringify!($name), $name::call)),*];
    };
}

builds! {
    first: query { width: u32 = 1, height: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 };
    first_moved: query { width: u32 = 1, height: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 };
    reordered_fields: query { height: u32 = 1, width: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 };
    retyped_fields: query { width: u64 = 1, height: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 };
    renamed_field: query { width: u32 = 1, depth: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 };
    other_argument_name: size { width: u32 = 1, height: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 };
    retyped_answer: query { width: u32 = 1, height: u32 = 1 }, { value: u64 = 5, rank: u32 = 5 };
    reordered_answer: query { width: u32 = 1, height: u32 = 1 }, { rank: u32 = 5, value: u32 = 5 };
    optional_answer: query { width: u32 = 1, height: u32 = 1 }, { value: Option<u32> = Some(5), rank: u32 = 5 };
    answer_with_a_new_default:
        query { width: u32 = 1, height: u32 = 1 },
        { value: u32 = 5, rank: u32 = 5, #[serde(default)] score: f32 = 0.5 };
}

pub(crate) fn print(build: &str) {
    let mut builds = BUILDS.iter();
    let (_, call) = builds.find(|(name, _)| *name == build).unwrap();
    let (answer, outcome) = observe(call);
    flush(&worker_cache("builds"));
    println!("{answer} {}", outcome.unwrap().result);
}
