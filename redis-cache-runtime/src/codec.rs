//! How a return type is written and read.

use std::{
    fmt::{self, Display},
    marker::PhantomData,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    key,
    schema::{self, Schema},
    shield::{Panicked, shield},
};

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
    reads_back: fn(&R, &[u8]) -> bool,
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

impl<R> Codec<R> {
    /// Appends `value` to `out`.
    ///
    /// An `ambiguous` type is one whose values MessagePack can blur, `Some(None)` and `None` say: of such a type a
    /// value is taken only if it reads back as itself, for a caller must never get one for the other.
    pub(crate) fn write(&self, value: &R, out: &mut Vec<u8>, ambiguous: bool) -> Written {
        let start = out.len();
        let written = shield(|| {
            let written = (self.write)(value, out);
            let faithful = !ambiguous
                || !matches!(written, Written::Value)
                || (self.reads_back)(value, &out[start..]);
            (written, faithful)
        });
        match written {
            Ok((written, true)) => written,
            Ok((_, false)) => {
                let blurred = "MessagePack can't tell it from another value";
                Written::Failed(CodecError(blurred.to_owned()))
            }
            Err(Panicked) => Written::Failed(CodecError("its `Serialize` panicked".to_owned())),
        }
    }

    pub(crate) fn read(&self, bytes: &[u8]) -> Result<R, CodecError> {
        shield(|| (self.read)(bytes))
            .unwrap_or_else(|Panicked| Err(CodecError("its `Deserialize` panicked".to_owned())))
    }

    /// Describes the stored type. Takes microseconds: asked once a call site and instantiation.
    pub(crate) fn schema(&self) -> Schema {
        (self.schema)()
    }
}

fn write<T: Cacheable>(value: &T, out: &mut Vec<u8>) -> Written {
    // Fields by name: with `skip_serializing_if` a struct written by position is read shifted.
    let mut serializer = rmp_serde::Serializer::new(out).with_struct_map();
    match value.serialize(&mut serializer) {
        Ok(()) => Written::Value,
        Err(error) => Written::Failed(CodecError(error.to_string())),
    }
}

fn read<T: Cacheable>(bytes: &[u8]) -> Result<T, CodecError> {
    rmp_serde::from_slice(bytes).map_err(|error| CodecError(error.to_string()))
}

/// Whether the bytes give a value that is `value` to serde, compared in the exact encoding of keys.
fn reads_back<T: Cacheable>(value: &T, bytes: &[u8]) -> bool {
    let exact = |value: &T| {
        let mut out = Vec::new();
        key::encode(value, &mut out).ok().map(|()| out)
    };
    let Ok(read) = read::<T>(bytes) else {
        return false;
    };
    exact(value).is_some_and(|original| exact(&read) == Some(original))
}

/// The return type of a method. The inherent [`Returned::codec`] is for results and wins over that of
/// [`ReturnedWhole`], so that a `Result` is known as one under any alias.
#[derive(Debug)]
pub struct Returned<R>(PhantomData<fn() -> R>);

impl<R> Returned<R> {
    #[doc(hidden)]
    pub const NEW: Self = Self(PhantomData);
}

impl<T, E> Returned<Result<T, E>> {
    /// Stores `Ok` values and passes `Err` on; `E` need not be serializable.
    #[doc(hidden)]
    #[must_use]
    pub fn codec(self) -> Codec<Result<T, E>>
    where
        T: Cacheable,
    {
        Codec {
            write: |result, out| match result {
                Ok(value) => write(value, out),
                Err(_) => Written::Declined,
            },
            reads_back: |result, bytes| result.as_ref().is_ok_and(|value| reads_back(value, bytes)),
            read: |bytes| read(bytes).map(Ok),
            schema: schema::of::<T>,
        }
    }
}

#[doc(hidden)]
pub trait ReturnedWhole<R> {
    fn codec(self) -> Codec<R>
    where
        R: Cacheable;
}

impl<R> ReturnedWhole<R> for Returned<R> {
    fn codec(self) -> Codec<R>
    where
        R: Cacheable,
    {
        Codec {
            write,
            reads_back,
            read,
            schema: schema::of::<R>,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::{Deserialize, Serialize};

    use super::*;

    fn round_trip<T: Cacheable>(value: &T) -> Option<T> {
        let codec = Returned::<T>::NEW.codec();
        let mut out = Vec::new();
        match codec.write(value, &mut out, codec.schema().ambiguous) {
            Written::Value => Some(codec.read(&out).unwrap()),
            Written::Declined | Written::Failed(_) => None,
        }
    }

    #[test]
    fn values_read_back() {
        assert_eq!(round_trip(&()), Some(()));
        assert_eq!(round_trip(&Some(5u8)), Some(Some(5)));
        assert_eq!(round_trip(&None::<u8>), Some(None));
        assert_eq!(round_trip(&u128::MAX), Some(u128::MAX));
        assert_eq!(round_trip(&i128::MIN), Some(i128::MIN));
        assert_eq!(
            round_trip(&vec![1.5f32, f32::INFINITY]),
            Some(vec![1.5, f32::INFINITY])
        );
        assert_eq!(
            round_trip(&f64::NAN).map(f64::to_bits),
            Some(f64::NAN.to_bits())
        );
        let map = HashMap::from([("a".to_owned(), 1u8), ("b".to_owned(), 2)]);
        assert_eq!(round_trip(&map), Some(map));
    }

    #[test]
    fn a_value_that_would_come_back_as_another_is_refused() {
        assert_eq!(round_trip(&Some(Some(5u8))), Some(Some(Some(5))));
        assert_eq!(round_trip(&None::<Option<u8>>), Some(None));
        assert_eq!(round_trip(&Some(None::<u8>)), None);
        assert_eq!(round_trip(&Some(())), None);
        assert_eq!(round_trip(&Some(serde_json::Value::Null)), None);
        assert_eq!(
            round_trip(&Some(serde_json::json!([1]))),
            Some(Some(serde_json::json!([1])))
        );
    }

    #[test]
    fn skipped_fields_do_not_shift_the_others() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Sparse {
            #[serde(default, skip_serializing_if = "Option::is_none")]
            first: Option<u32>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            second: Option<u32>,
        }
        let sparse = Sparse {
            first: None,
            second: Some(2),
        };
        assert_eq!(
            round_trip(&sparse),
            Some(Sparse {
                first: None,
                second: Some(2)
            })
        );
    }

    #[test]
    fn a_result_is_known_under_an_alias() {
        struct NotSerializable;
        type Answer<T> = Result<T, NotSerializable>;
        let codec = Returned::<Answer<u8>>::NEW.codec();
        let mut out = Vec::new();
        assert!(matches!(
            codec.write(&Err(NotSerializable), &mut out, false),
            Written::Declined
        ));
        assert!(matches!(
            codec.write(&Ok(5), &mut out, false),
            Written::Value
        ));
        assert_eq!(codec.read(&out).unwrap().ok(), Some(5));
    }
}
