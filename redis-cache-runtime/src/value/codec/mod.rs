//! How a return type is written and read.

mod comparison;
mod layout;
mod memory;
mod nested;
mod proof;
mod recorder;
mod returned;
#[cfg(test)]
mod tests;

use std::fmt::{self, Display};

use serde::{Serialize, de::DeserializeOwned};

use self::{comparison::Compare, layout::Layout};
pub use self::{
    comparison::{ComparedByBytes, ComparedHere, ComparedThere, SentThere, Stored},
    returned::{Returned, ReturnedWhole},
};
pub(crate) use self::{
    proof::{Owed, Proof},
    recorder::Limits,
};
use crate::process::catch_panic::{Panicked, catch_panic};

/// A digest of the requests that a type makes of the deserializer along one value. Two builds with one shape read the same bytes
/// alike.
pub(crate) type Shape = [u8; 8];

/// A type that can be cached: everything that is `Serialize` and can be deserialized without borrowing.
#[diagnostic::on_unimplemented(
    message = "a `#[handler_cache]` method must return a value that can be stored and read back; `{Self}` is not `Serialize + DeserializeOwned`",
    label = "this can't be stored in the cache",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it; of a `Result` only the `Ok` value is stored",
    note = "a generic type needs the bounds `serde::Serialize + serde::de::DeserializeOwned`, an `Rc` or `Arc` serde's feature `rc`",
    note = "in place of a type of another crate return what it holds or stands for: of a `Json<T>` the `T`, of an `Instant` a `SystemTime`"
)]
pub trait Cacheable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Cacheable for T {}

/// Why a value could not be written or read.
#[derive(Debug)]
pub struct CodecError(String);

impl CodecError {
    pub(crate) fn new(message: &str) -> Self {
        Self(message.to_owned())
    }

    fn panicked() -> Self {
        Self::new("its serde code panicked")
    }
}

impl Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CodecError {}

/// The end of writing a value.
#[derive(Debug)]
pub(crate) enum Written {
    /// The value is in the buffer.
    Value,
    /// The value is an `Err`, which is not stored.
    Declined,
    /// The value can't be stored.
    Failed(CodecError),
}

impl From<Result<(), CodecError>> for Written {
    fn from(written: Result<(), CodecError>) -> Self {
        written.map_or_else(Self::Failed, |()| Self::Value)
    }
}

type Read<R> = fn(&[u8], Limits) -> Result<(R, Shape), CodecError>;

/// How values of `R` are written and read: plain functions, so that nothing else of a call depends on
/// serde's traits.
pub struct Codec<R> {
    write: fn(&R, &mut Vec<u8>) -> Written,
    prove: fn(&R, &[u8], Limits) -> Proof,
    read: Read<R>,
    schema: fn() -> [u8; 32],
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
    fn whole<L: Layout<R>, C: Compare<R>>() -> Self {
        Self {
            write: |value, out| L::write(value, out).into(),
            prove: L::prove::<C>,
            read: L::read,
            schema: L::schema,
        }
    }
}

impl<T: Cacheable, E> Codec<Result<T, E>> {
    /// Stores `Ok` values and passes `Err` on.
    fn of_ok<L: Layout<T>, C: Compare<T>>() -> Self {
        Self {
            write: |result, out| match result {
                Ok(value) => L::write(value, out).into(),
                Err(_) => Written::Declined,
            },
            prove: |result, payload, limits| match result {
                Ok(value) => L::prove::<C>(value, payload, limits),
                Err(_) => Proof::Given(Err(CodecError::new("an `Err` is not stored"))),
            },
            read: |bytes, limits| L::read(bytes, limits).map(|(value, shape)| (Ok(value), shape)),
            schema: L::schema,
        }
    }
}

impl<R> Codec<R> {
    /// Appends `value` to `out`.
    pub(crate) fn write(&self, value: &R, out: &mut Vec<u8>) -> Written {
        catch_panic(|| (self.write)(value, out))
            .unwrap_or_else(|Panicked| Written::Failed(CodecError::panicked()))
    }

    /// Proves that a value comes back from the payload that was made of it.
    pub(crate) fn prove(&self, value: &R, payload: &[u8], limits: Limits) -> Proof {
        catch_panic(|| (self.prove)(value, payload, limits))
            .unwrap_or_else(|Panicked| Proof::Given(Err(CodecError::panicked())))
    }

    /// Reads a payload of [`Codec::write`], and returns the value with its shape.
    pub(crate) fn read(&self, bytes: &[u8], limits: Limits) -> Result<(R, Shape), CodecError> {
        catch_panic(|| (self.read)(bytes, limits))
            .unwrap_or_else(|Panicked| Err(CodecError::panicked()))
    }

    /// Describes the stored type, as far as it can be told without a value. Takes microseconds: asked once a call site and
    /// instantiation.
    pub(crate) fn schema(&self) -> [u8; 32] {
        (self.schema)()
    }
}
