//! A description of a return type, made beforehand.
//!
//! Names of types say nothing about their fields: `struct Score { value: f32 }` keeps its name when `value` becomes an
//! `f64` or gains a sibling. So the type's own `Deserialize` is run on a deserializer that has no data and writes down what it is
//! asked for: field names, number widths, variants. The hash of that goes into the key: two builds with two shapes keep apart.
//!
//! It never gives a type a value: user code would see one that the user never made. Each pass goes one way into the type,
//! and ends at the first thing that would need one. So it does not see everything, and nothing rests on it: what it does not
//! see, the shape that is stored with a value tells (see `codec`).

mod access;
mod probe;
mod record;

use serde::de::DeserializeOwned;

use self::{probe::Probe, record::Record};
use crate::process::catch_panic::catch_panic;

/// A type with more ways into it than this is described by the first ones.
const PASSES: usize = 256;

/// Describes `T`.
pub(crate) fn of<T: DeserializeOwned>() -> [u8; 32] {
    let mut record = Record::default();
    // A hand-written `Deserialize` may panic where it does not expect an error, and then the process would end. Without the
    // description two builds share keys, and the shape that is stored with a value tells theirs apart.
    let passes = if cfg!(panic = "abort") { 0 } else { PASSES };
    for _ in 0..passes {
        if catch_panic(|| drop(T::deserialize(Probe::root(&mut record)))).is_err()
            || !record.next_way()
        {
            break;
        }
    }
    record.digest()
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
                assert_ne!(of::<before::Score>(), of::<Score>());
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
        assert_eq!(of::<before::Score>(), of::<Score>());
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
        assert_ne!(of::<a::Answer>(), of::<b::Answer>());
        assert_ne!(of::<Vec<a::Answer>>(), of::<Vec<b::Answer>>());
        assert_eq!(of::<a::Answer>(), of::<a::Answer>());
    }

    #[test]
    fn plain_types_differ() {
        let digests = [
            of::<()>(),
            of::<bool>(),
            of::<u8>(),
            of::<u32>(),
            of::<u64>(),
            of::<i64>(),
            of::<f32>(),
            of::<f64>(),
            of::<char>(),
            of::<String>(),
            of::<Vec<u32>>(),
            of::<Option<u32>>(),
            of::<Option<Option<u32>>>(),
            of::<(u32, u32)>(),
            of::<[u32; 3]>(),
            of::<BTreeMap<String, u32>>(),
            of::<BTreeMap<String, u64>>(),
            of::<BTreeMap<u32, u64>>(),
        ];
        for (i, a) in digests.iter().enumerate() {
            for (j, b) in digests.iter().enumerate().skip(i + 1) {
                assert_ne!(a, b, "{i} and {j}");
            }
        }
        assert_eq!(of::<HashMap<String, u8>>(), of::<BTreeMap<String, u8>>());
    }

    #[test]
    fn a_generic_type_inside_itself_is_entered() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        struct Page<T> {
            items: Vec<T>,
        }
        assert_ne!(of::<Page<Page<u8>>>(), of::<Page<Page<u16>>>());
    }

    #[test]
    fn a_recursive_type_without_a_name_ends() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        #[serde(transparent)]
        struct Trie {
            children: HashMap<String, Trie>,
        }
        assert_eq!(of::<Trie>(), of::<Trie>());
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
        assert_eq!(of::<Tree>(), of::<Tree>());
    }

    #[test]
    fn what_stands_behind_the_first_of_a_tuple_counts() {
        assert_ne!(of::<(u32, f32)>(), of::<(u32, f64)>());
        assert_ne!(of::<Vec<(u32, f32)>>(), of::<Vec<(u32, f64)>>());
        assert_ne!(
            of::<HashMap<String, (u8, f32)>>(),
            of::<HashMap<String, (u8, f64)>>()
        );
    }

    #[test]
    fn who_reads_a_number_counts() {
        mod seconds {
            #[derive(serde::Deserialize)]
            #[expect(dead_code, reason = "only its shape matters")]
            pub(super) struct Stamp {
                #[serde(deserialize_with = "super::seconds")]
                at: u64,
            }
        }
        mod millis {
            #[derive(serde::Deserialize)]
            #[expect(dead_code, reason = "only its shape matters")]
            pub(super) struct Stamp {
                #[serde(deserialize_with = "super::millis")]
                at: u64,
            }
        }
        #[derive(Deserialize)]
        #[serde(from = "u64")]
        struct Id;
        impl From<u64> for Id {
            fn from(_: u64) -> Self {
                Self
            }
        }
        assert_ne!(of::<seconds::Stamp>(), of::<millis::Stamp>());
        assert_ne!(of::<Vec<Id>>(), of::<Vec<u64>>());
    }

    struct Seconds;
    struct Millis;

    macro_rules! reads {
        ($visitor:ident, $function:ident) => {
            impl serde::de::Visitor<'_> for $visitor {
                type Value = u64;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a time")
                }
            }

            fn $function<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<u64, D::Error> {
                deserializer.deserialize_u64($visitor)
            }
        };
    }

    reads!(Seconds, seconds);
    reads!(Millis, millis);

    #[test]
    fn nothing_is_made_up() {
        #[derive(Debug, Deserialize)]
        #[serde(from = "String")]
        struct Currency(#[expect(dead_code, reason = "only its shape matters")] u8);
        impl From<String> for Currency {
            fn from(_: String) -> Self {
                panic!("this value is not the user's")
            }
        }
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape matters")]
        struct Price {
            amount: u64,
            currency: Currency,
            next: Option<Box<Price>>,
            by_currency: Vec<(Currency, u8)>,
        }
        let panics = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let this = std::thread::current().id();
        let (seen, usual) = (panics.clone(), std::panic::take_hook());
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().id() == this {
                seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            } else {
                usual(info);
            }
        }));
        of::<Currency>();
        of::<Price>();
        of::<Result<Price, HashMap<String, Currency>>>();
        assert_eq!(panics.load(std::sync::atomic::Ordering::Relaxed), 0);
    }

    /// Its visitors leave out what they can't read, and ask until there is nothing left.
    struct Lossy<const MAP: bool>;

    impl<'de, const MAP: bool> serde::de::Visitor<'de> for Lossy<MAP> {
        type Value = Self;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("anything")
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut parts: A) -> Result<Self, A::Error> {
            while !matches!(parts.next_element::<u8>(), Ok(None)) {}
            Ok(self)
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut parts: A) -> Result<Self, A::Error> {
            while !matches!(parts.next_entry::<String, u8>(), Ok(None)) {}
            Ok(self)
        }
    }

    impl<'de, const MAP: bool> Deserialize<'de> for Lossy<MAP> {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            if MAP {
                deserializer.deserialize_map(Self)
            } else {
                deserializer.deserialize_seq(Self)
            }
        }
    }

    #[test]
    fn visitors_that_go_on_after_an_error_end() {
        assert_ne!(of::<Lossy<false>>(), of::<Lossy<true>>());
        assert_ne!(of::<Vec<Lossy<false>>>(), of::<Vec<Lossy<true>>>());
    }
}
