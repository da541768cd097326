//! Types whose `Deserialize` does not undo their `Serialize`.

use std::net::{Ipv6Addr, SocketAddrV6};

use chrono::{DateTime, TimeZone as _, Utc};
use serde::{Deserialize, Serialize, Serializer};

use crate::is_stored;

/// The same types once more, with all that it takes to compare a copy of a value elsewhere.
macro_rules! types {
    ($module:ident, $($derived:ident),*) => {
        mod $module {
            use super::*;

            #[derive(Debug, PartialEq, Serialize, Deserialize, $($derived),*)]
            pub(super) struct Stamp {
                #[serde(with = "chrono::serde::ts_seconds")]
                pub(super) at: DateTime<Utc>,
            }

            #[serde_with::serde_as]
            #[derive(Debug, PartialEq, Serialize, Deserialize, $($derived),*)]
            pub(super) struct Note {
                #[serde_as(as = "serde_with::NoneAsEmptyString")]
                pub(super) text: Option<String>,
            }

            #[derive(Debug, PartialEq, Serialize, Deserialize, $($derived),*)]
            pub(super) struct Rounded {
                #[serde(serialize_with = "two_digits")]
                pub(super) score: f64,
            }

            #[derive(Debug, PartialEq, Serialize, Deserialize, $($derived),*)]
            pub(super) struct Defaulted {
                #[serde(default = "seven", skip_serializing_if = "is_zero")]
                pub(super) n: u8,
            }

            #[derive(Debug, PartialEq, Serialize, Deserialize, $($derived),*)]
            pub(super) struct Hidden {
                pub(super) id: u8,
                #[serde(skip_serializing, default)]
                pub(super) token: String,
            }

            #[derive(Debug, PartialEq, Serialize, Deserialize, $($derived),*)]
            pub(super) struct Skipped {
                pub(super) id: u8,
                #[serde(skip)]
                pub(super) seen: u8,
            }
        }
    };
}

types!(bare,);
types!(copied, Clone);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn two_digits<S: Serializer>(score: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((score * 100.0).round() / 100.0)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(n: &u8) -> bool {
    *n == 0
}

fn seven() -> u8 {
    7
}

fn at(nanos: u32) -> DateTime<Utc> {
    Utc.timestamp_opt(1_700_000_000, nanos).unwrap()
}

macro_rules! what_would_change_is_not_stored {
    ($test:ident, $types:ident, $prefix:literal) => {
        #[test]
        fn $test() {
            use $types::{Defaulted, Hidden, Note, Rounded, Skipped, Stamp};
            assert!(!is_stored!(
                concat!($prefix, "nanoseconds"),
                Stamp,
                Stamp {
                    at: at(123_456_789)
                }
            ));
            assert!(is_stored!(
                concat!($prefix, "seconds"),
                Stamp,
                Stamp { at: at(0) }
            ));
            assert!(!is_stored!(
                concat!($prefix, "empty"),
                Note,
                Note {
                    text: Some(String::new())
                }
            ));
            assert!(is_stored!(
                concat!($prefix, "none"),
                Note,
                Note { text: None }
            ));
            assert!(!is_stored!(
                concat!($prefix, "rounded"),
                Rounded,
                Rounded { score: 0.12345 }
            ));
            assert!(is_stored!(
                concat!($prefix, "round"),
                Rounded,
                Rounded { score: 0.25 }
            ));
            assert!(!is_stored!(
                concat!($prefix, "other default"),
                Defaulted,
                Defaulted { n: 0 }
            ));
            assert!(is_stored!(
                concat!($prefix, "default"),
                Defaulted,
                Defaulted { n: 7 }
            ));
            assert!(!is_stored!(
                concat!($prefix, "hidden"),
                Hidden,
                Hidden {
                    id: 1,
                    token: "t".to_owned()
                }
            ));
            assert!(is_stored!(
                concat!($prefix, "open"),
                Hidden,
                Hidden {
                    id: 1,
                    token: String::new()
                }
            ));
            assert!(!is_stored!(
                concat!($prefix, "skipped"),
                Skipped,
                Skipped { id: 1, seen: 1 }
            ));
            assert!(is_stored!(
                concat!($prefix, "not skipped"),
                Skipped,
                Skipped { id: 1, seen: 0 }
            ));
        }
    };
}

what_would_change_is_not_stored!(what_would_change_is_not_stored, bare, "bare ");
what_would_change_is_not_stored!(nor_where_a_copy_is_compared, copied, "copied ");

#[test]
fn nor_in_lists_options_and_results() {
    use copied::Rounded;
    let list = |score| vec![(1u8, Some(Rounded { score }))];
    assert!(!is_stored!(
        "list of rounded",
        Vec<(u8, Option<Rounded>)>,
        vec![(1, Some(Rounded { score: 0.123 }))]
    ));
    assert!(is_stored!(
        "list of round",
        Vec<(u8, Option<Rounded>)>,
        vec![(1, Some(Rounded { score: 0.5 }))]
    ));
    assert!(!is_stored!("result of rounded", Result<Rounded, ()>, Ok(Rounded { score: 0.123 })));
    assert!(is_stored!("result of round", Result<Rounded, ()>, Ok(Rounded { score: 0.5 })));
    assert_ne!(list(0.5), list(0.25));
}

#[test]
fn nor_an_address_that_serde_shortens() {
    let address = |scope| SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 0, scope);
    assert!(!is_stored!(
        "scoped",
        SocketAddrV6,
        SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 0, 3)
    ));
    assert!(is_stored!(
        "unscoped",
        SocketAddrV6,
        SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 0, 0)
    ));
    assert_ne!(address(3), address(0));
}

#[test]
fn what_is_not_equal_to_itself_is_compared_by_bytes() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Score {
        value: f64,
    }
    #[redis_cache_runtime::handler_cache(config = cache_tests_support::config(), shards = cache_tests_support::shards(), name = "nan", timeout = "5s")]
    fn score() -> Score {
        Score { value: f64::NAN }
    }
    let (scores, result) = crate::twice(score);
    assert!(scores.iter().all(|score| score.value.is_nan()));
    assert_eq!(result, redis_cache_runtime::CacheStatus::HitRedis);
}
