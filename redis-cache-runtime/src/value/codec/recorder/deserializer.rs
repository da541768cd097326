//! A deserializer that records the requests of a type, and passes them on.

use serde::de::{self, Deserializer, Visitor};

use super::{kind::Kind, recording::Recording, visitor::Watch};
use crate::process::nesting::Nesting;

/// The value at one place.
pub(super) struct Recorder<'r, D> {
    pub(super) inner: D,
    pub(super) recording: &'r Recording,
    pub(super) nesting: Nesting,
    /// Bytes of memory that the value has already.
    pub(super) credit: usize,
}

impl<'de, 'r, D: Deserializer<'de>> Recorder<'r, D> {
    /// Takes memory for a value that does not lie where it is asked for: behind a `Box`.
    #[inline]
    fn watch<V: Visitor<'de>>(self, visitor: V) -> Result<(D, Watch<'r, V>), D::Error> {
        let size = size_of::<V::Value>();
        if size > self.credit {
            self.recording.spend(size - self.credit)?;
        }
        let watch = Watch {
            visitor,
            recording: self.recording,
            nesting: self.nesting,
            credit: self.credit.max(size),
            fields: 0,
        };
        Ok((self.inner, watch))
    }
}

macro_rules! plain {
    ($($method:ident $kind:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.recording.note(Kind::$kind);
            let (inner, watch) = self.watch(visitor)?;
            inner.$method(watch)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Recorder<'_, D> {
    type Error = D::Error;

    plain! {
        deserialize_bool Bool;
        deserialize_i8 I8;
        deserialize_i16 I16;
        deserialize_i32 I32;
        deserialize_i64 I64;
        deserialize_i128 I128;
        deserialize_u8 U8;
        deserialize_u16 U16;
        deserialize_u32 U32;
        deserialize_u64 U64;
        deserialize_u128 U128;
        deserialize_f32 F32;
        deserialize_f64 F64;
        deserialize_char Char;
        deserialize_str Text;
        deserialize_string Text;
        deserialize_bytes Bytes;
        deserialize_byte_buf Bytes;
        deserialize_option Option;
        deserialize_unit Unit;
        deserialize_seq Sequence;
        deserialize_map Map;
        deserialize_identifier Identifier;
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.recording.note(Kind::Any);
        self.recording.hide();
        let (inner, watch) = self.watch(visitor)?;
        inner.deserialize_any(watch)
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.recording.note(Kind::Ignored);
        // It may stand in the place of a field that is not there.
        self.recording.hide();
        let (inner, watch) = self.watch(visitor)?;
        inner.deserialize_ignored_any(watch)
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.recording
            .note_names::<V::Value>(Kind::UnitStruct, name, &[]);
        let (inner, watch) = self.watch(visitor)?;
        inner.deserialize_unit_struct(name, watch)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.recording
            .note_names::<V::Value>(Kind::Newtype, name, &[]);
        let (inner, watch) = self.watch(visitor)?;
        inner.deserialize_newtype_struct(name, watch)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.recording.note_len(Kind::Tuple, len);
        let (inner, watch) = self.watch(visitor)?;
        inner.deserialize_tuple(len, watch)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.recording
            .note_names::<V::Value>(Kind::TupleStruct, name, &[]);
        self.recording.note_len(Kind::Tuple, len);
        let (inner, watch) = self.watch(visitor)?;
        inner.deserialize_tuple_struct(name, len, watch)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.recording
            .note_names::<V::Value>(Kind::Struct, name, fields);
        let (inner, watch) = self.watch(visitor)?;
        inner.deserialize_struct(name, fields, watch.of_fields(fields.len()))
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.recording
            .note_names::<V::Value>(Kind::Enum, name, variants);
        let (inner, watch) = self.watch(visitor)?;
        inner.deserialize_enum(name, variants, watch)
    }
}

/// The place inside, or that it is too deep.
#[inline]
pub(super) fn within<E: de::Error>(inner: Option<Nesting>) -> Result<Nesting, E> {
    inner.ok_or_else(|| E::custom("it is nested too deep"))
}
