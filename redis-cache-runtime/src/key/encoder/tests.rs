use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use serde::{Serialize, ser::SerializeSeq as _};

use super::*;

mod fuzz;
mod value;
mod zoo;

fn bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    encode(value, &mut out).unwrap();
    out
}

fn strict<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    encode_strictly(value, MapOrder::Told, &mut out).unwrap();
    out
}

/// No two encodings may be equal, and none may begin with another.
fn all_distinct(encodings: &[(impl AsRef<str>, Vec<u8>)]) {
    for (i, (left, a)) in encodings.iter().enumerate() {
        for (right, b) in &encodings[i + 1..] {
            let (left, right) = (left.as_ref(), right.as_ref());
            assert_ne!(a, b, "{left} and {right} share an encoding");
            assert!(
                !a.starts_with(b) && !b.starts_with(a),
                "of {left} and {right} one begins as the other"
            );
        }
    }
}

#[test]
fn options_units_and_their_contents_differ() {
    all_distinct(&[
        ("5", bytes(&5u32)),
        ("Some(5)", bytes(&Some(5u32))),
        ("Some(Some(5))", bytes(&Some(Some(5u32)))),
        ("None", bytes(&None::<u32>)),
        ("Some(None)", bytes(&Some(None::<u32>))),
        ("()", bytes(&())),
        ("Some(())", bytes(&Some(()))),
        ("[5]", bytes(&vec![5u32])),
        ("[]", bytes(&Vec::<u32>::new())),
        ("empty string", bytes("")),
    ]);
}

#[test]
fn numbers_keep_their_type() {
    all_distinct(&[
        ("u8", bytes(&5u8)),
        ("u16", bytes(&5u16)),
        ("u32", bytes(&5u32)),
        ("u64", bytes(&5u64)),
        ("u128", bytes(&5u128)),
        ("i8", bytes(&5i8)),
        ("i16", bytes(&5i16)),
        ("i32", bytes(&5i32)),
        ("i64", bytes(&5i64)),
        ("i128", bytes(&5i128)),
        ("f32", bytes(&5f32)),
        ("f64", bytes(&5f64)),
        ("-0.0", bytes(&-0.0f32)),
        ("0.0", bytes(&0.0f32)),
        ("char", bytes(&'5')),
        ("str", bytes("5")),
    ]);
}

#[test]
fn neighbours_never_run_together() {
    assert_ne!(bytes(&("ab", "c")), bytes(&("a", "bc")));
    assert_ne!(
        bytes(&(vec![1u8], vec![2u8, 3])),
        bytes(&(vec![1u8, 2], vec![3u8]))
    );
}

#[test]
fn structs_carry_their_field_names_and_types() {
    mod before {
        #[derive(serde::Serialize)]
        pub(super) struct Size {
            pub(super) width: u32,
            pub(super) height: u32,
        }
    }
    mod reordered {
        #[derive(serde::Serialize)]
        pub(super) struct Size {
            pub(super) height: u32,
            pub(super) width: u32,
        }
    }
    mod retyped {
        #[derive(serde::Serialize)]
        pub(super) struct Size {
            pub(super) width: u64,
            pub(super) height: u64,
        }
    }
    all_distinct(&[
        (
            "before",
            bytes(&before::Size {
                width: 1,
                height: 2,
            }),
        ),
        (
            "reordered",
            bytes(&reordered::Size {
                height: 1,
                width: 2,
            }),
        ),
        (
            "retyped",
            bytes(&retyped::Size {
                width: 1,
                height: 2,
            }),
        ),
        ("tuple", bytes(&(1u32, 2u32))),
    ]);
}

#[test]
fn enum_variants_differ() {
    #[derive(Serialize)]
    enum Shape {
        Unit,
        Empty {},
        Newtype(u32),
        Tuple(u32, u32),
        Struct { side: u32 },
    }
    all_distinct(&[
        ("unit", bytes(&Shape::Unit)),
        ("empty", bytes(&Shape::Empty {})),
        ("newtype", bytes(&Shape::Newtype(1))),
        ("tuple", bytes(&Shape::Tuple(1, 1))),
        ("struct", bytes(&Shape::Struct { side: 1 })),
        ("name", bytes("Unit")),
    ]);
}

#[test]
fn maps_are_sorted() {
    let entries = (0..200u32).map(|n| (n.to_string(), n));
    let tree: BTreeMap<_, _> = entries.clone().collect();
    let expected = bytes(&tree);
    for _ in 0..4 {
        let hash: HashMap<_, _> = entries.clone().collect();
        assert_eq!(bytes(&hash), expected);
    }
}

#[test]
fn maps_with_an_order_of_their_own_keep_it() {
    /// A map with its entries in the order of insertion.
    struct Ordered(Vec<(&'static str, u32)>);

    impl Serialize for Ordered {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
        }
    }

    #[derive(Serialize)]
    struct Flattened {
        #[serde(flatten)]
        inner: Ordered,
    }

    let (ab, ba) = (vec![("a", 1), ("b", 2)], vec![("b", 2), ("a", 1)]);
    let tree: BTreeMap<_, _> = ab.iter().copied().collect();
    assert_eq!(bytes(&Ordered(ab.clone())), bytes(&tree));
    assert_ne!(bytes(&Ordered(ab.clone())), bytes(&Ordered(ba.clone())));
    let flattened = [ab, ba].map(|entries| {
        bytes(&Flattened {
            inner: Ordered(entries),
        })
    });
    assert_ne!(flattened[0], flattened[1]);
}

#[test]
fn sets_are_sorted() {
    let texts = || (0..100u32).map(|n| n.to_string());
    let sets = || (0..50u16).map(|n| HashSet::from([n, n + 1]));
    let expected = (
        bytes(&texts().collect::<HashSet<_>>()),
        bytes(&(0..200u64).collect::<HashSet<_>>()),
        strict(&sets().collect::<Vec<_>>()),
    );
    for _ in 0..4 {
        let texts: HashSet<_> = texts().collect();
        assert_eq!(bytes(&texts), expected.0);
        let numbers: HashSet<_> = (0..200u64).rev().collect();
        assert_eq!(bytes(&numbers), expected.1);
        assert_eq!(strict(&sets().collect::<Vec<_>>()), expected.2);
    }
    assert_eq!(bytes(&HashSet::<u8>::new()), bytes(&Vec::<u8>::new()));
}

#[test]
fn a_failing_serialize_is_an_error() {
    struct Refuses;
    impl Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    let mut out = vec![1];
    assert_eq!(encode(&Refuses, &mut out).unwrap_err().to_string(), "no");
}

#[test]
fn what_is_nested_deep_is_written_on_a_small_stack() {
    #[derive(Serialize)]
    struct List {
        next: Option<Box<List>>,
    }
    let nested = |depth| {
        (1..depth).fold(List { next: None }, |list, _| List {
            next: Some(Box::new(list)),
        })
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    let thread = thread.spawn(move || {
        let written = |depth| encode(&nested(depth), &mut Vec::new()).is_ok();
        (written(256), written(257))
    });
    assert_eq!(thread.unwrap().join().unwrap(), (true, false));
}

#[test]
fn what_is_nested_too_deep_is_an_error() {
    #[derive(Serialize)]
    struct List(Option<Box<List>>);
    let list = (0..100_000).fold(List(None), |list, _| List(Some(Box::new(list))));
    assert!(encode(&list, &mut Vec::new()).is_err());
    // Dropping a list this deep would overflow the stack.
    std::mem::forget(list);
}

#[test]
fn numbers_that_lie_in_memory_are_one_content() {
    let list = bytes(&vec![1u8, 2, 3]);
    assert_eq!(bytes(&[1u8, 2, 3]), list);
    assert_eq!(bytes(&(1u8, 2u8, 3u8)), list);
    assert_eq!(bytes(&[1u8, 2, 3].as_slice()), list);
    assert_eq!(bytes(serde_bytes::Bytes::new(&[1, 2, 3])), list);
    assert_eq!(bytes(&VecDeque::from([1u8, 2, 3])), list);
    assert_eq!(bytes(&BTreeSet::from([1u8, 2, 3])), list);
}

#[test]
fn strictly_they_differ() {
    all_distinct(&[
        ("list", strict(&vec![1u8, 2])),
        ("tuple", strict(&(1u8, 2u8))),
        ("bytes", strict(serde_bytes::Bytes::new(&[1, 2]))),
        ("empty list", strict(&Vec::<u8>::new())),
        ("empty tuple", strict(&[0u8; 0])),
        ("no bytes", strict(serde_bytes::Bytes::new(&[]))),
    ]);
}

#[test]
fn a_list_without_elements_has_no_type() {
    let empty = bytes(&Vec::<u8>::new());
    assert_eq!(bytes(&Vec::<f64>::new()), empty);
    assert_eq!(bytes(&Vec::<String>::new()), empty);
    assert_eq!(bytes(&[0u8; 0]), empty);
    assert_eq!(bytes(serde_bytes::Bytes::new(&[])), empty);
    assert_eq!(bytes(&BTreeSet::<u32>::new()), empty);
}

/// A sequence whose elements reach the encoder one by one, without a type that is known beforehand.
struct OneByOne<T>(Vec<T>);

impl<T: Serialize> Serialize for OneByOne<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for element in &self.0 {
            list.serialize_element(element)?;
        }
        list.end()
    }
}

#[test]
fn a_list_is_the_same_whole_and_one_by_one() {
    fn check<T: Serialize + Copy>(number: T) {
        for len in [0, 1, 2, 5, 63, 64, 65, 512, 513, 4000] {
            let list = vec![number; len];
            assert_eq!(bytes(&OneByOne(list.clone())), bytes(&list));
        }
    }
    check(1u8);
    check(2u16);
    check(3u32);
    check(4u64);
    check(-1i8);
    check(-2i16);
    check(-3i32);
    check(-4i64);
    check(0.5f32);
    check(-0.25f64);
}

#[test]
fn a_list_that_is_not_all_numbers_of_one_type_is_no_run() {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Any {
        Byte(u8),
        Word(u32),
        Float(f32),
        Text(&'static str),
        Bytes(Vec<u8>),
    }
    let lists = [
        vec![Any::Byte(1)],
        vec![Any::Byte(1), Any::Byte(0xcc)],
        vec![Any::Byte(1), Any::Word(2)],
        vec![Any::Word(1), Any::Word(2)],
        vec![Any::Word(1), Any::Float(2.0)],
        vec![Any::Float(1.0), Any::Float(2.0)],
        vec![Any::Text("a"), Any::Byte(1)],
        vec![Any::Byte(1), Any::Text("a")],
        vec![Any::Byte(1), Any::Byte(2), Any::Byte(3), Any::Word(4)],
        vec![Any::Bytes(vec![1, 2])],
        vec![Any::Bytes(vec![1]), Any::Bytes(vec![2])],
        vec![Any::Bytes(vec![]), Any::Byte(1)],
    ];
    let encodings = lists.iter().enumerate();
    let encodings: Vec<_> = encodings
        .map(|(i, list)| (i.to_string(), bytes(list)))
        .collect();
    all_distinct(&encodings);
}
