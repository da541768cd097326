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

/// The deepest nesting that is written and read: a stack that overflows can't be caught.
const DEPTH: usize = key::DEPTH as usize;

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

fn write<T: Cacheable>(value: &T, out: &mut Vec<u8>) -> Written {
    // Fields by name: with `skip_serializing_if` a struct written by position is read shifted.
    let mut serializer = rmp_serde::Serializer::new(out).with_struct_map();
    match value.serialize(&mut serializer) {
        Ok(()) => Written::Value,
        Err(error) => Written::Failed(CodecError(error.to_string())),
    }
}

fn read<T: Cacheable>(bytes: &[u8]) -> Result<T, CodecError> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(DEPTH);
    T::deserialize(&mut deserializer).map_err(|error| CodecError(error.to_string()))
}

/// A hash of what `value` is to serde, in the exact encoding of keys.
fn exact<T: Cacheable>(value: &T) -> Option<Exact> {
    let mut encoded = Vec::new();
    key::encode_strictly(value, &mut encoded).ok()?;
    let hash = blake3::hash(&encoded);
    Some(std::array::from_fn(|i| hash.as_bytes()[i]))
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
            declines: Result::is_err,
            exact: |result| result.as_ref().ok().and_then(exact),
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
            declines: |_| false,
            exact,
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
            Written::Value => Some(codec.read(&out, codec.schema().ambiguous).unwrap()),
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
    fn what_untagged_enums_would_change_is_refused() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(untagged)]
        enum Number {
            Small(f32),
            Big(f64),
        }
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(untagged)]
        enum Count {
            Few(u8),
            Many(i64),
        }
        assert_eq!(round_trip(&Number::Small(0.5)), Some(Number::Small(0.5)));
        assert_eq!(round_trip(&Number::Big(1e300)), None);
        assert_eq!(round_trip(&Count::Few(5)), Some(Count::Few(5)));
        assert_eq!(round_trip(&Count::Many(5)), None);
    }

    #[test]
    fn a_tagged_value_of_an_older_type_is_not_read() {
        mod old {
            #[derive(serde::Serialize, serde::Deserialize)]
            #[serde(tag = "type")]
            pub(super) enum Event {
                Score { value: u32 },
            }
        }
        mod new {
            #[derive(serde::Serialize, serde::Deserialize)]
            #[serde(tag = "type")]
            pub(super) enum Event {
                Score {
                    value: f64,
                    #[serde(default)]
                    unit: String,
                },
            }
        }
        let (before, after) = (
            Returned::<old::Event>::NEW.codec(),
            Returned::<new::Event>::NEW.codec(),
        );
        assert!(before.schema().ambiguous && after.schema().ambiguous);
        let mut out = Vec::new();
        let event = old::Event::Score { value: 1 };
        assert!(matches!(
            before.write(&event, &mut out, true),
            Written::Value
        ));
        assert!(before.read(&out, true).is_ok());
        assert!(after.read(&out, true).is_err());
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        #[derive(Serialize, Deserialize)]
        struct List {
            next: Option<Box<List>>,
        }
        let nested = |depth| {
            (0..depth).fold(List { next: None }, |list, _| List {
                next: Some(Box::new(list)),
            })
        };
        let codec = Returned::<List>::NEW.codec();
        let ambiguous = codec.schema().ambiguous;
        assert!(matches!(
            codec.write(&nested(50), &mut Vec::new(), ambiguous),
            Written::Value
        ));
        assert!(matches!(
            codec.write(&nested(900), &mut Vec::new(), ambiguous),
            Written::Failed(_)
        ));
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
        assert_eq!(codec.read(&out, false).unwrap().ok(), Some(5));
    }
}
