//! That a value comes back from what was made of it.

use std::fmt;

use super::{
    Cacheable, CodecError, Shape,
    recorder::{self, Limits, Read},
};
use crate::{
    key::{self, MapOrder},
    process::catch_panic::{Panicked, catch_panic, discard},
};

/// What is kept of a hash of an exact encoding.
type Hash = [u8; 16];

/// How often a value is read to see whether its maps have an order. A `HashMap` of two entries that is told in one order each
/// time is told so by chance once in so many powers of two.
const READINGS: usize = 12;

/// What a value is to serde: hashes of its exact encodings.
#[derive(Clone, Copy)]
pub(super) struct Exact {
    /// With its maps in the order of their keys.
    sorted: Hash,
    /// With its maps in the order in which they are told, which is chance where it is that of a `HashMap`.
    told: Hash,
}

/// Whether a value comes back as it was.
pub enum Proof {
    /// It is known: the value's shape, or why not.
    Given(Result<Shape, CodecError>),
    /// It is to be found out, on another thread.
    Owed(Owed),
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(given) => f.debug_tuple("Given").field(given).finish(),
            Self::Owed(_) => f.write_str("Owed"),
        }
    }
}

/// Reads a payload, and compares what it has read with what it remembers of the value.
///
/// What it remembers may be a copy of the value, and goes with it wherever it is dropped.
pub struct Owed(Option<Box<Settle>>);

type Settle = dyn FnOnce(&[u8]) -> Result<Shape, CodecError> + Send;

impl fmt::Debug for Owed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Owed")
    }
}

impl Owed {
    pub(super) fn new(
        owed: impl FnOnce(&[u8]) -> Result<Shape, CodecError> + Send + 'static,
    ) -> Self {
        Self(Some(Box::new(owed)))
    }

    pub(crate) fn settle(mut self, payload: &[u8]) -> Result<Shape, CodecError> {
        let settle = self.0.take();
        let settled = settle.map(|settle| catch_panic(|| settle(payload)));
        settled
            .unwrap_or(Err(Panicked))
            .unwrap_or_else(|Panicked| Err(CodecError::panicked()))
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if let Some(settle) = self.0.take() {
            discard(settle);
        }
    }
}

/// Whether two values are the same, to their type.
pub(super) type Equal<T> = fn(&T, &T) -> bool;

/// Reads the value that `original` was written as, and compares the two by what serde makes of them and, where the type
/// can, by themselves.
pub(super) fn check<T: Cacheable>(
    original: &T,
    equal: Option<Equal<T>>,
    payload: &[u8],
    limits: Limits,
) -> Result<Shape, CodecError> {
    let read = recorder::read::<T>(payload, limits)?;
    // What is not equal to itself (NaN) can't be compared so.
    let differs =
        equal.is_some_and(|equal| !equal(original, &read.value) && equal(original, original));
    if differs {
        return Err(differently());
    }
    // Mostly the two are alike to the last byte, and then nothing need be hashed.
    let encoded = |value| encoded(value, MapOrder::Told, payload.len());
    if encoded(original)? == encoded(&read.value)? {
        return shape_of(&read);
    }
    check_exact(&exact(original)?, &read, payload, limits)
}

/// [`check`] where only the hash of the original's exact encoding is there.
pub(super) fn check_hash<T: Cacheable>(
    original: &Exact,
    payload: &[u8],
    limits: Limits,
) -> Result<Shape, CodecError> {
    let read = recorder::read::<T>(payload, limits)?;
    check_exact(original, &read, payload, limits)
}

fn check_exact<T: Cacheable>(
    original: &Exact,
    read: &Read<T>,
    payload: &[u8],
    limits: Limits,
) -> Result<Shape, CodecError> {
    let exact = exact(&read.value)?;
    if exact.sorted != original.sorted {
        return Err(differently());
    }
    if exact.told != original.told && has_order::<T>(exact.told, payload, limits)? {
        return Err(CodecError::new("the order of a map in it is lost"));
    }
    Ok(whole_shape(read, &exact.sorted))
}

/// Whether what is read from `payload` tells its maps in one order each time, as it did in the reading `told`: then it is no
/// chance that the value was told in another one.
fn has_order<T: Cacheable>(told: Hash, payload: &[u8], limits: Limits) -> Result<bool, CodecError> {
    for _ in 1..READINGS {
        let read = recorder::read::<T>(payload, limits)?;
        if hash(&read.value, MapOrder::Told)? != told {
            return Ok(false);
        }
    }
    Ok(true)
}

fn differently() -> CodecError {
    CodecError::new("it does not come back as it was")
}

/// Reads a value, and tells its shape.
///
/// Where a part of the shape is hidden, the hash of the value's exact encoding stands for it: a reader that takes the same
/// bytes for another value encodes them otherwise.
pub(super) fn read<T: Cacheable>(payload: &[u8], limits: Limits) -> Result<(T, Shape), CodecError> {
    let read = recorder::read::<T>(payload, limits)?;
    let shape = shape_of(&read)?;
    Ok((read.value, shape))
}

fn shape_of<T: Cacheable>(read: &Read<T>) -> Result<Shape, CodecError> {
    Ok(if read.hidden {
        whole_shape(read, &hash(&read.value, MapOrder::Sorted)?)
    } else {
        read.shape
    })
}

fn whole_shape<T>(read: &Read<T>, exact: &Hash) -> Shape {
    if !read.hidden {
        return read.shape;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(&read.shape);
    hasher.update(exact);
    let hash = hasher.finalize();
    std::array::from_fn(|i| hash.as_bytes()[i])
}

pub(super) fn exact<T: Cacheable>(value: &T) -> Result<Exact, CodecError> {
    Ok(Exact {
        sorted: hash(value, MapOrder::Sorted)?,
        told: hash(value, MapOrder::Told)?,
    })
}

fn hash<T: Cacheable>(value: &T, map_order: MapOrder) -> Result<Hash, CodecError> {
    let hash = blake3::hash(&encoded(value, map_order, 0)?);
    Ok(std::array::from_fn(|i| hash.as_bytes()[i]))
}

/// The exact encoding of a value, for which there is room for so many bytes at first.
fn encoded<T: Cacheable>(
    value: &T,
    map_order: MapOrder,
    room: usize,
) -> Result<Vec<u8>, CodecError> {
    let mut encoded = Vec::with_capacity(room);
    key::encode_strictly(value, map_order, &mut encoded)
        .map_err(|error| CodecError(error.to_string()))?;
    Ok(encoded)
}
