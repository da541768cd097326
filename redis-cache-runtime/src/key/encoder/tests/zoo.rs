//! Many values that must have different encodings.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{all_distinct, bytes, strict};

macro_rules! zoo {
    ($encode:ident: $($value:expr),* $(,)?) => {
        vec![$((stringify!($value).to_owned(), $encode(&$value))),*]
    };
}

/// A number type alone, in lists of several lengths and shapes, and inside other values.
macro_rules! numbers {
    ($encode:ident: $($number:ident)*) => {{
        let mut zoo = Vec::new();
        $({
            let (a, b) = ($number::from(false), $number::from(true));
            let values = zoo![$encode:
                a, b, vec![a], vec![b], vec![a, b], vec![b, a], vec![a; 300],
                Some(a), Some(vec![a]), vec![Some(a)], vec![Some(a), None],
                vec![vec![a], vec![b]], vec![vec![a, b]], vec![vec![a, b], vec![]],
                ("", a), (a, ""), (vec![a], b), (a, vec![b]),
                Struct { first: a, second: vec![b] }, Newtype(a), Newtype(vec![a]), Pair(a, b),
                Shape::Newtype(a), Shape::Newtype(vec![a]), Shape::Pair(a, b), Shape::Struct { side: a },
                BTreeMap::from([(0u8, a)]), BTreeMap::from([(0u8, vec![a])]),
            ];
            let named = values.into_iter();
            zoo.extend(named.map(|(name, encoding)| (format!("{}: {name}", stringify!($number)), encoding)));
        })*
        zoo
    }};
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Newtype<T>(T);

#[derive(Serialize)]
struct Pair<T>(T, T);

#[derive(Serialize)]
struct Struct<A, B> {
    first: A,
    second: B,
}

#[derive(Serialize)]
enum Shape<T> {
    Unit,
    Empty {},
    Newtype(T),
    Pair(T, T),
    Struct { side: T },
}

fn others() -> Vec<(String, Vec<u8>)> {
    let none = Vec::<u8>::new;
    zoo![bytes:
        (), true, false, None::<u8>, Some(()), Some(None::<u8>), Some(Some(())), Unit, Newtype(()), Newtype(Unit),
        none(), vec![none()], vec![none(), none()], vec![vec![none()]], Some(none()), Newtype(none()),
        ("", none()), (none(), ""), (none(), none()),
        Shape::<u8>::Unit, Shape::<u8>::Empty {}, Shape::Newtype(()), Shape::Newtype(none()),
        "", "a", "b", "aa", "1", "é", "\u{0}", "a".repeat(31), "a".repeat(32), "a".repeat(255), "a".repeat(256), "a".repeat(70_000),
        'a', 'b', '1', 1u128, 1i128, vec![1u128], vec![1i128], vec!['a'], vec![true], vec![true, false], vec![()], vec![(), ()],
        vec![""], vec!["a"], vec!["a", "b"], vec!["ab"], vec!["ab", ""], vec![vec!["a"], vec!["b"]], vec![vec!["a", "b"]],
        ("a",), ("a", "b"), ("a", ("b",)), (("a",), "b"), (("a", "b"),), ["ab"], Some("a"), Newtype("a"), Newtype("b"),
        (1u8, 2u16), (1u16, 2u8), (1u8, 2u8, 3u16), (1u8, -1i8), (1f32, 1f64), ((1u8, 2u8), 3u8), (1u8, (2u8, 3u8)),
        [[1u8, 2], [3, 4]], [[1u8, 2, 3, 4]], [1u8, 2, 3, 4], vec![[1u8, 2], [3, 4]], vec![[1u8], [2], [3], [4]],
        f32::NAN, f64::NAN, -f32::NAN, -0f32, vec![-0f32], vec![f32::NAN], vec![-f32::NAN],
        BTreeMap::<u8, u8>::new(), BTreeMap::from([("a", "b")]), BTreeMap::from([("b", "a")]), BTreeMap::from([("a", BTreeMap::from([("b", 1u8)]))]),
        BTreeMap::from([((), "")]), BTreeMap::from([(vec![1u8], 2u8)]), BTreeMap::from([(1u8, ""), (2, "")]), vec![BTreeMap::from([(1u8, "")])],
        BTreeSet::from(["x", "y"]), Struct { first: (), second: () }, Struct { first: 1u8, second: 2u8 }, Struct { first: 2u8, second: 1u8 },
        Struct { first: none(), second: vec![1u8] }, Struct { first: vec![1u8], second: none() },
        // Values that contain the bytes of this encoding's markers and heads.
        vec![0xccu8, 0xcc, 0xcc], vec![0xc9u8, 0, 0, 0, 1, 16, 1], vec![0xddu8, 0, 0, 0, 0], vec![0xd4u8, 4, 0], vec![0xc1u8, b'V'],
        "\u{c9}", vec![0xcccc_ccccu32], vec![0xcccc_ccccu32; 2], vec![0xccccu16; 2], (0xccu8, 0xccccu16), (0xcccc_ccccu32, 0xccu8),
    ]
}

#[test]
fn no_two_parts_of_keys_share_an_encoding() {
    let mut zoo = numbers!(bytes: u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);
    zoo.extend(others());
    assert!(zoo.len() > 350, "{}", zoo.len());
    all_distinct(&zoo);
}

#[test]
fn strictly_lists_tuples_and_bytes_differ_too() {
    let mut zoo = numbers!(strict: u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);
    zoo.extend(zoo![strict:
        (1u8,), (1u8, 2u8), (2u8, 1u8), [1u8, 2, 3], vec![[1u8, 2]], [vec![1u8, 2]], [[1u8, 2]], [[1u8], [2]],
        serde_bytes::Bytes::new(&[1]), serde_bytes::Bytes::new(&[1, 2]), serde_bytes::Bytes::new(&[]),
        vec![serde_bytes::Bytes::new(&[1])], Vec::<u8>::new(), [0u8; 0], vec![Vec::<u8>::new()], vec![[0u8; 0]], [[0u8; 0]],
    ]);
    all_distinct(&zoo);
}
