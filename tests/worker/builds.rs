//! One handler as several builds of a program would have it: the same cache name and arguments of the same content, but
//! other types. Each answers with its own name.

/// A build: the argument's name, its fields, and the fields of the answer.
macro_rules! build {
    ($name:ident, $says:literal, $query:ident { $($field:ident: $type:ty = $value:expr),* },
     { $($(#[$attribute:meta])* $answer:ident: $answer_type:ty = $answer_value:expr),* }) => {
        mod $name {
            #[derive(serde::Serialize)]
            struct Query { $($field: $type),* }

            #[derive(serde::Serialize, serde::Deserialize)]
            struct Answer { build: String, $($(#[$attribute])* $answer: $answer_type),* }

            #[redis_cache_runtime::handler_cache(name = crate::named("builds"), shards = crate::shards())]
            fn handle($query: &Query) -> Answer {
                $(let _ = $query.$field;)*
                Answer { build: $says.to_owned(), $($answer: $answer_value),* }
            }

            pub(super) fn call() -> String {
                let answer = handle(&Query { $($field: $value),* });
                $(let _ = answer.$answer;)*
                answer.build
            }
        }
    };
}

build!(first, "first", query { width: u32 = 1, height: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 });
build!(first_moved, "first_moved", query { width: u32 = 1, height: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 });
build!(reordered_fields, "reordered_fields", query { height: u32 = 1, width: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 });
build!(retyped_fields, "retyped_fields", query { width: u64 = 1, height: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 });
build!(renamed_field, "renamed_field", query { width: u32 = 1, depth: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 });
build!(other_argument_name, "other_argument_name", size { width: u32 = 1, height: u32 = 1 }, { value: u32 = 5, rank: u32 = 5 });
build!(retyped_answer, "retyped_answer", query { width: u32 = 1, height: u32 = 1 }, { value: u64 = 5, rank: u32 = 5 });
build!(reordered_answer, "reordered_answer", query { width: u32 = 1, height: u32 = 1 }, { rank: u32 = 5, value: u32 = 5 });
build!(optional_answer, "optional_answer", query { width: u32 = 1, height: u32 = 1 }, { value: Option<u32> = Some(5), rank: u32 = 5 });
build!(
    answer_with_a_new_default,
    "answer_with_a_new_default",
    query { width: u32 = 1, height: u32 = 1 },
    { value: u32 = 5, rank: u32 = 5, #[serde(default)] score: f32 = 0.5 }
);

/// Calls one build.
pub(crate) fn call(build: &str) -> String {
    match build {
        "first" => first::call(),
        "first_moved" => first_moved::call(),
        "reordered_fields" => reordered_fields::call(),
        "retyped_fields" => retyped_fields::call(),
        "renamed_field" => renamed_field::call(),
        "other_argument_name" => other_argument_name::call(),
        "retyped_answer" => retyped_answer::call(),
        "reordered_answer" => reordered_answer::call(),
        "optional_answer" => optional_answer::call(),
        "answer_with_a_new_default" => answer_with_a_new_default::call(),
        other => panic!("unknown build {other}"),
    }
}
