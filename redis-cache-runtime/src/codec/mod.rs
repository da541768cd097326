//! How a return type is written and read.

mod layout;
mod memory;
mod returned;
#[cfg(test)]
mod tests;

use std::fmt::{self, Display};

use serde::{Serialize, de::DeserializeOwned};

use self::layout::Layout;
pub use self::returned::{Returned, ReturnedWhole};
use crate::{
    key,
    schema::Schema,
    shield::{Panicked, shield},
};

/// How much of a value's exact hash goes before it.
const EXACT: usize = 16;

type Exact = [u8; EXACT];

/// What can be cached: everything that is `Serialize` and can be deserialized without borrowing.
#[diagnostic::on_unimplemented(
    message = "a `#[handler_cache]` method must return a value that can be stored and read back; `{Self}` is not `Serialize + DeserializeOwned`",
    label = "this can't be stored in the cache",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it; of a `Result` only the `Ok` value is stored"
)]
pub trait Cacheable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Cacheable for T {}

/// Why a value could not be written or read.
#[derive(Debug)]
pub(crate) struct CodecError(String);

impl CodecError {
    fn new(message: &str) -> Self {
        Self(message.to_owned())
    }
}

impl Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CodecError {}

/// What became of a value that was to be written.
#[derive(Debug)]
pub(crate) enum Written {
    /// It is in the buffer.
    Value,
    /// It is not to be stored: an `Err`.
    Declined,
    /// It can't be stored.
    Failed(CodecError),
}

/// How values of `R` are written and read: plain functions, so that nothing else of a call depends on
/// serde's traits.
pub struct Codec<R> {
    write: fn(&R, &mut Vec<u8>) -> Written,
    /// Whether the value is not to be stored.
    declines: fn(&R) -> bool,
    exact: fn(&R) -> Option<Exact>,
    read: fn(&[u8]) -> Result<R, CodecError>,
    schema: fn() -> Schema,
}

impl<R> Clone for Codec<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Codec<R> {}

impl<R> fmt::Debug for Codec<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").finish_non_exhaustive()
    }
}

impl<R: Cacheable> Codec<R> {
    /// Stores the values as they are.
    fn whole<L: Layout<R>>() -> Self {
        Self {
            write: L::write,
            declines: |_| false,
            exact,
            read: L::read,
            schema: L::schema,
        }
    }
}

impl<T: Cacheable, E> Codec<Result<T, E>> {
    /// Stores `Ok` values and passes `Err` on.
    fn of_ok<L: Layout<T>>() -> Self {
        Self {
            write: |result, out| match result {
                Ok(value) => L::write(value, out),
                Err(_) => Written::Declined,
            },
            declines: Result::is_err,
            exact: |result| result.as_ref().ok().and_then(exact),
            read: |bytes| L::read(bytes).map(Ok),
            schema: L::schema,
        }
    }
}

impl<R> Codec<R> {
    /// Appends `value` to `out`.
    ///
    /// An `ambiguous` type is one whose values MessagePack can blur (`Some(None)` and `None`, say), or whose shape is
    /// hidden from [`Codec::schema`], or that contains itself. A value of such a type is taken only if it reads back as itself, and a hash of its
    /// exact encoding goes before it, by which a reader with another shape in mind finds out.
    pub(crate) fn write(&self, value: &R, out: &mut Vec<u8>, ambiguous: bool) -> Written {
        shield(|| {
            if ambiguous {
                self.write_exactly(value, out)
            } else {
                (self.write)(value, out)
            }
        })
        .unwrap_or_else(|Panicked| Written::Failed(CodecError::new("its serde code panicked")))
    }

    fn write_exactly(&self, value: &R, out: &mut Vec<u8>) -> Written {
        if (self.declines)(value) {
            return Written::Declined;
        }
        // Before anything else: of a type that contains itself it finds out whether the value is nested too deep.
        let Some(original) = (self.exact)(value) else {
            return Written::Failed(CodecError::new("it can't be written exactly"));
        };
        let payload = out.len() + EXACT;
        out.extend_from_slice(&original);
        let written = (self.write)(value, out);
        if !matches!(written, Written::Value) {
            return written;
        }
        let read = (self.read)(&out[payload..]).ok();
        if read.and_then(|read| (self.exact)(&read)) == Some(original) {
            Written::Value
        } else {
            Written::Failed(CodecError::new("it does not read back as itself"))
        }
    }

    /// Reads what [`Codec::write`] has written.
    pub(crate) fn read(&self, bytes: &[u8], ambiguous: bool) -> Result<R, CodecError> {
        shield(|| {
            if !ambiguous {
                return (self.read)(bytes);
            }
            let (exact, payload) = bytes
                .split_first_chunk::<EXACT>()
                .ok_or_else(|| CodecError::new("too short"))?;
            let value = (self.read)(payload)?;
            if (self.exact)(&value).as_ref() == Some(exact) {
                Ok(value)
            } else {
                Err(CodecError::new("written for another type"))
            }
        })
        .unwrap_or_else(|Panicked| Err(CodecError::new("its serde code panicked")))
    }

    /// Describes the stored type. Takes microseconds: asked once a call site and instantiation.
    pub(crate) fn schema(&self) -> Schema {
        (self.schema)()
    }
}

/// A hash of what `value` is to serde, in the exact encoding of keys.
fn exact<T: Cacheable>(value: &T) -> Option<Exact> {
    let mut encoded = Vec::new();
    key::encode_strictly(value, &mut encoded).ok()?;
    let hash = blake3::hash(&encoded);
    Some(std::array::from_fn(|i| hash.as_bytes()[i]))
}
