//! A fingerprint of a return type's shape, so that a value is never read as a type it was not written as.
//!
//! Names of types say nothing about their fields: `struct Score { value: f32 }` keeps its name when `value` becomes an
//! `f64` or gains a sibling, and MessagePack is lenient enough to read the old bytes. So the type's own
//! `Deserialize` is run on a deserializer that has no data and writes down what it is asked for: field names,
//! number widths, variants. The hash of that goes into the key: two builds with two shapes keep apart.

mod access;
mod probe;
mod record;

use serde::de::DeserializeOwned;

pub(crate) use self::record::Schema;
use self::{probe::Probe, record::Record};
use crate::shield::shield;

/// A type with more unreadable fields and variants than this is described by the first ones.
const PASSES: usize = 64;

/// Describes `T`.
///
/// One pass can't see everything: a field whose type refuses the made-up value (a URL, a date) ends it, and an
/// enum shows one variant. The record remembers where a pass ended, and the next one goes around it.
pub(crate) fn of<T: DeserializeOwned>() -> Schema {
    let mut record = Record::default();
    for _ in 0..PASSES {
        record.begin_pass();
        // A hand-written `Deserialize` may panic on a value that it never expected to see.
        let pass = shield(|| T::deserialize(Probe::root(&mut record)).is_ok());
        let Ok(complete) = pass else { break };
        if !record.has_more(complete) {
            break;
        }
    }
    record.into_schema()
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, HashMap},
        net::IpAddr,
    };

    use serde::Deserialize;

    use super::of;

    mod before {
        #[derive(serde::Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        pub(super) struct Score {
            address: std::net::IpAddr,
            label: String,
            value: f32,
        }
    }

    macro_rules! differs {
        ($name:ident, $($fields:tt)*) => {
            #[test]
            fn $name() {
                #[derive(Deserialize)]
                #[expect(dead_code, reason = "only its shape matters")]
                struct Score { $($fields)* }
                assert_ne!(of::<before::Score>().digest, of::<Score>().digest);
            }
        };
    }

    differs!(a_reordered_field, address: IpAddr, value: f32, label: String);
    differs!(a_retyped_field_behind_an_unreadable_one, address: IpAddr, label: String, value: f64);
    differs!(a_renamed_field, address: IpAddr, label: String, score: f32);
    differs!(a_removed_field, address: IpAddr, label: String);
    differs!(an_added_field, address: IpAddr, label: String, value: f32, #[serde(default)] rank: u8);
    differs!(an_optional_field, address: IpAddr, label: Option<String>, value: f32);
    differs!(a_list_of_a_field, address: IpAddr, label: Vec<String>, value: f32);

    #[test]
    fn the_same_shape_has_the_same_fingerprint() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        struct Score {
            address: IpAddr,
            label: String,
            value: f32,
        }
        assert_eq!(of::<before::Score>().digest, of::<Score>().digest);
    }

    #[test]
    fn every_variant_counts() {
        mod a {
            #[derive(serde::Deserialize)]
            #[expect(dead_code, reason = "only its shape matters")]
            pub(super) enum Answer {
                None,
                One(u32),
                Two { left: String, right: u8 },
            }
        }
        mod b {
            #[derive(serde::Deserialize)]
            #[expect(dead_code, reason = "only its shape matters")]
            pub(super) enum Answer {
                None,
                One(u32),
                Two { left: String, right: u16 },
            }
        }
        assert_ne!(of::<a::Answer>().digest, of::<b::Answer>().digest);
        assert_ne!(of::<Vec<a::Answer>>().digest, of::<Vec<b::Answer>>().digest);
        assert_eq!(of::<a::Answer>().digest, of::<a::Answer>().digest);
    }

    #[test]
    fn plain_types_differ() {
        let digests = [
            of::<()>().digest,
            of::<bool>().digest,
            of::<u8>().digest,
            of::<u32>().digest,
            of::<u64>().digest,
            of::<i64>().digest,
            of::<f32>().digest,
            of::<f64>().digest,
            of::<char>().digest,
            of::<String>().digest,
            of::<Vec<u32>>().digest,
            of::<Option<u32>>().digest,
            of::<Option<Option<u32>>>().digest,
            of::<(u32, u32)>().digest,
            of::<[u32; 3]>().digest,
            of::<BTreeMap<String, u32>>().digest,
            of::<BTreeMap<String, u64>>().digest,
            of::<BTreeMap<u32, u64>>().digest,
        ];
        for (i, a) in digests.iter().enumerate() {
            for (j, b) in digests.iter().enumerate().skip(i + 1) {
                assert_ne!(a, b, "{i} and {j}");
            }
        }
        assert_eq!(
            of::<HashMap<String, u8>>().digest,
            of::<BTreeMap<String, u8>>().digest
        );
    }

    #[test]
    fn a_generic_type_inside_itself_is_entered() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        struct Page<T> {
            items: Vec<T>,
        }
        assert_ne!(
            of::<Page<Page<u8>>>().digest,
            of::<Page<Page<u16>>>().digest
        );
    }

    #[test]
    fn a_recursive_type_without_a_name_ends() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        #[serde(transparent)]
        struct Trie {
            children: HashMap<String, Trie>,
        }
        assert_eq!(of::<Trie>().digest, of::<Trie>().digest);
    }

    #[test]
    fn a_recursive_type_ends() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        enum Tree {
            Leaf(u32),
            Node(Box<Tree>, Box<Tree>),
            Named { name: String, children: Vec<Tree> },
        }
        assert_eq!(of::<Tree>().digest, of::<Tree>().digest);
    }

    #[test]
    fn options_that_messagepack_can_not_tell_apart_are_found() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        struct Nested {
            fine: Option<u32>,
            inner: Vec<Option<()>>,
        }
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        #[serde(untagged)]
        enum Untagged {
            Small(f32),
            Big(f64),
        }
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        struct Flattened {
            #[serde(flatten)]
            inner: Inner,
        }
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        struct Inner {
            field: u8,
        }
        assert!(of::<Untagged>().ambiguous);
        assert!(of::<Flattened>().ambiguous);
        assert!(!of::<Option<u32>>().ambiguous);
        assert!(!of::<(Option<u8>, Vec<Option<String>>)>().ambiguous);
        assert!(of::<Option<Option<u32>>>().ambiguous);
        assert!(of::<Option<()>>().ambiguous);
        assert!(of::<Option<serde_json::Value>>().ambiguous);
        assert!(of::<Nested>().ambiguous);
    }
}
