//! Payloads that are damaged, or that somebody has made up.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
};

use cache_fuzz::{Arbitrary, Unstructured, fuzz, mutate, peak};
use serde::{Deserialize, Serialize};

use super::*;
use crate::key;

/// What serde reserves at most for a list or map before it has read what is in it, growth included.
const RESERVED: usize = 4 * 1024 * 1024;

/// What a byte may become in memory: one that stands for an empty list is a `Vec`, in one that grows.
const PER_BYTE: usize = 128;

/// The heads of what MessagePack can announce, as large as they can be, and small ones.
const HEADS: [&[u8]; 14] = [
    &[0xdd, 0xff, 0xff, 0xff, 0xff],
    &[0xdf, 0xff, 0xff, 0xff, 0xff],
    &[0xdb, 0xff, 0xff, 0xff, 0xff],
    &[0xc6, 0xff, 0xff, 0xff, 0xff],
    &[0xc9, 0xff, 0xff, 0xff, 0xff, 1],
    &[0xdc, 0xff, 0xff],
    &[0xde, 0xff, 0xff],
    &[0x91],
    &[0x81],
    &[0xa1],
    &[0xc0],
    &[0xc1],
    &[0xca],
    &[0xcf],
];

#[derive(Debug, Serialize, Deserialize)]
struct Nested {
    id: u64,
    name: String,
    scores: Vec<f64>,
    inner: Option<Box<Inner>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Inner(i8, Vec<String>);

#[derive(Debug, Serialize, Deserialize)]
enum Shape {
    Unit,
    New(String),
    Pair(u8, i64),
    Fields { sides: Vec<f32>, of: Option<char> },
}

#[derive(Debug, Serialize, Deserialize)]
struct Tree {
    children: Vec<Tree>,
}

fn nested(u: &mut Unstructured<'_>) -> cache_fuzz::Result<Nested> {
    Ok(Nested {
        id: u.arbitrary()?,
        name: u.arbitrary()?,
        scores: u.arbitrary()?,
        inner: if u.arbitrary()? {
            Some(Box::new(Inner(u.arbitrary()?, u.arbitrary()?)))
        } else {
            None
        },
    })
}

fn shape(u: &mut Unstructured<'_>) -> cache_fuzz::Result<Shape> {
    Ok(match u.int_in_range(0..=3)? {
        0 => Shape::Unit,
        1 => Shape::New(u.arbitrary()?),
        2 => Shape::Pair(u.arbitrary()?, u.arbitrary()?),
        _ => Shape::Fields {
            sides: u.arbitrary()?,
            of: u.arbitrary()?,
        },
    })
}

fn tree(depth: usize, u: &mut Unstructured<'_>) -> cache_fuzz::Result<Tree> {
    let len = if depth == 5 {
        0
    } else {
        u.int_in_range(0..=3)?
    };
    let children = (0..len).map(|_| tree(depth + 1, u));
    Ok(Tree {
        children: children.collect::<Result<_, _>>()?,
    })
}

fn list<T>(
    item: fn(&mut Unstructured<'_>) -> cache_fuzz::Result<T>,
    u: &mut Unstructured<'_>,
) -> cache_fuzz::Result<Vec<T>> {
    let len = u.int_in_range(0..=4)?;
    (0..len).map(|_| item(u)).collect()
}

fn any<T: for<'a> Arbitrary<'a>>(u: &mut Unstructured<'_>) -> cache_fuzz::Result<T> {
    u.arbitrary()
}

fn exact(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    key::encode_strictly(value, key::MapOrder::Sorted, &mut out).unwrap();
    out
}

/// Writes and reads a value, then what is left of it after some damage, then anything. `levels` is how many lists and maps
/// of the type lie in one another.
fn check<R: Debug + Serialize>(
    codec: &Codec<R>,
    value: &R,
    levels: usize,
    u: &mut Unstructured<'_>,
) -> cache_fuzz::Result<()> {
    let mut bytes = Vec::new();
    let written = codec.write(value, &mut bytes);
    if let (Written::Value, Ok(shape)) = (written, proved(codec, value, &bytes)) {
        let (read, same) = codec.read(&bytes, LIMITS).unwrap();
        assert_eq!(shape, same, "{value:?}");
        assert_eq!(exact(&read), exact(value), "{value:?}");
    }
    if u.ratio(1, 8)? {
        bytes = u.bytes(u.len() / 2)?.to_vec();
    } else {
        mutate(&mut bytes, &HEADS, u)?;
    }
    let (read, used) = peak(|| codec.read(&bytes, LIMITS));
    let most = levels * RESERVED + (PER_BYTE * bytes.len()).max(4096);
    assert!(
        used <= most,
        "{used} bytes for {bytes:?}, which is {read:?}"
    );
    Ok(())
}

macro_rules! targets {
    ($($target:ident: $type:ty, $levels:expr, $make:expr;)*) => {$(
        #[test]
        fn $target() {
            let codec = codec!($type);
            fuzz(2_000, |u| {
                let value: $type = $make(u)?;
                check(&codec, &value, $levels, u)
            });
        }
    )*};
}

targets! {
    texts: String, 0, any;
    numbers_in_memory: Vec<f32>, 0, any;
    numbers_or_none: Option<Vec<u16>>, 0, any;
    numbers_through_serde: (Vec<f32>, u8), 1, any;
    options_of_options: Option<Option<u8>>, 0, any;
    structs: Nested, 1, nested;
    lists_of_structs: Vec<Nested>, 2, |u: &mut Unstructured<'_>| list(nested, u);
    enums: Shape, 1, shape;
    results: Result<Vec<Shape>, ()>, 2, |u: &mut Unstructured<'_>| list(shape, u).map(Ok);
    hash_maps: HashMap<String, Vec<u32>>, 2, any;
    ordered_maps: BTreeMap<u32, (Option<i16>, String)>, 1, any;
    lists_of_lists: Vec<Vec<Vec<bool>>>, 3, any;
}

#[test]
fn trees() {
    let codec = codec!(Tree);
    fuzz(600, |u| {
        // Damage to six levels makes a few more of them.
        check(&codec, &tree(0, u)?, 24, u)
    });
}
