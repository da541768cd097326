//! The proof that a value comes back from its payload.

use std::fmt;

use super::{
    Cacheable, CodecError, Shape,
    recorder::{self, Limits, Read},
};
use crate::{
    key::{self, MapOrder},
    process::catch_panic::{Panicked, catch_panic, discard},
};

/// The part of an exact encoding's hash that is kept.
type Hash = [u8; 16];

/// A value is read so often to see whether its maps have an order. A `HashMap` of two entries shows one order in all readings with
/// a chance of about one in 2,000.
const READINGS: usize = 12;

/// Hashes of the exact encodings of a value.
#[derive(Clone, Copy)]
pub(super) struct Exact {
    /// With its maps in the order of their keys.
    sorted: Hash,
    /// With its maps in the order in which `Serialize` gives them, which is random for a `HashMap`.
    told: Hash,
}

/// Whether a value comes back as it was.
pub enum Proof {
    /// The value's shape, or why it does not come back.
    Given(Result<Shape, CodecError>),
    /// Another thread has to find out.
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

/// Reads a payload, and compares the result with the copy or the hash of the value that it holds. A copy is dropped with it.
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

/// Reads the payload of `original`, and compares the two values by their exact encodings and, where the type has it, by
/// `PartialEq`.
pub(super) fn check<T: Cacheable>(
    original: &T,
    equal: Option<Equal<T>>,
    payload: &[u8],
    limits: Limits,
) -> Result<Shape, CodecError> {
    let read = recorder::read::<T>(payload, limits)?;
    let checked = catch_panic(|| check_read(original, equal, &read, payload, limits));
    // It may refuse to be dropped on this thread.
    discard(read);
    checked.unwrap_or_else(|Panicked| Err(CodecError::panicked()))
}

fn check_read<T: Cacheable>(
    original: &T,
    equal: Option<Equal<T>>,
    read: &Read<T>,
    payload: &[u8],
    limits: Limits,
) -> Result<Shape, CodecError> {
    // A value that is not equal to itself (NaN) can't be compared by `PartialEq`.
    let differs =
        equal.is_some_and(|equal| !equal(original, &read.value) && equal(original, original));
    if differs {
        return Err(differently());
    }
    // Mostly the two encodings are the same bytes, and then neither need be hashed.
    let encoded = |value| encoded(value, MapOrder::Told, payload.len());
    if encoded(original)? == encoded(&read.value)? {
        return shape_of(read);
    }
    check_exact(&exact(original)?, read, payload, limits)
}

/// [`check`] where only the hash of the original's exact encoding is there.
pub(super) fn check_hash<T: Cacheable>(
    original: &Exact,
    payload: &[u8],
    limits: Limits,
) -> Result<Shape, CodecError> {
    let read = recorder::read::<T>(payload, limits)?;
    let checked = catch_panic(|| check_exact(original, &read, payload, limits));
    discard(read);
    checked.unwrap_or_else(|Panicked| Err(CodecError::panicked()))
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

/// Whether every reading of `payload` gives its maps in the order of the reading `told`. Then the value, which had them in another
/// order, has not come back as it was.
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
/// Where a part of the shape is hidden, the hash of the value's exact encoding takes its place: a reader that makes another value
/// of the same bytes encodes it otherwise.
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

/// The exact encoding of a value, in a buffer with room for so many bytes at first.
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
