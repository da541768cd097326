//! A visitor that looks after what is inside a value.

use std::fmt;

use serde::de::{Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

use super::{
    access::{Elements, Entries, Variants},
    deserializer::{Recorder, within},
    recording::Recording,
};
use crate::process::nesting::Nesting;

/// The visitor of a type, for one value.
pub(super) struct Watch<'r, V> {
    pub(super) visitor: V,
    pub(super) recording: &'r Recording,
    pub(super) nesting: Nesting,
    pub(super) credit: usize,
    /// The number of fields of the type; 0 for a type that is no struct.
    pub(super) fields: usize,
}

impl<V> Watch<'_, V> {
    #[inline]
    pub(super) fn of_fields(self, fields: usize) -> Self {
        Self { fields, ..self }
    }
}

macro_rules! passed_on {
    ($($method:ident $type:ty;)*) => {$(
        #[inline]
        fn $method<E: Error>(self, v: $type) -> Result<V::Value, E> {
            self.visitor.$method(v)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watch<'_, V> {
    type Value = V::Value;

    passed_on! {
        visit_bool bool;
        visit_i8 i8;
        visit_i16 i16;
        visit_i32 i32;
        visit_i64 i64;
        visit_i128 i128;
        visit_u8 u8;
        visit_u16 u16;
        visit_u32 u32;
        visit_u64 u64;
        visit_u128 u128;
        visit_f32 f32;
        visit_f64 f64;
        visit_char char;
        visit_str &str;
        visit_borrowed_str &'de str;
        visit_string String;
        visit_bytes &[u8];
        visit_borrowed_bytes &'de [u8];
        visit_byte_buf Vec<u8>;
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let nesting = within(self.nesting.wrapper())?;
        let recorder = Recorder {
            inner,
            recording: self.recording,
            nesting,
            credit: self.credit,
        };
        nesting.run(|| self.visitor.visit_some(recorder))
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let nesting = within(self.nesting.wrapper())?;
        let recorder = Recorder {
            inner,
            recording: self.recording,
            nesting,
            credit: self.credit,
        };
        nesting.run(|| self.visitor.visit_newtype_struct(recorder))
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let nesting = within(self.nesting.container())?;
        if self.fields > 0 {
            // A struct by position: which fields are not there, the type alone knows.
            self.recording.hide();
        }
        let elements = Elements {
            inner,
            recording: self.recording,
            nesting,
            inline: self.credit,
        };
        nesting.run(|| self.visitor.visit_seq(elements))
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let nesting = within(self.nesting.container())?;
        let mut missing = self.fields;
        let entries = Entries {
            inner,
            recording: self.recording,
            nesting,
            inline: self.credit,
            missing: &mut missing,
        };
        let value = nesting.run(|| self.visitor.visit_map(entries))?;
        if missing > 0 {
            self.recording.hide();
        }
        Ok(value)
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Variants {
            inner,
            recording: self.recording,
            nesting: self.nesting,
            credit: self.credit,
        })
    }
}
