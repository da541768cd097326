//! Writes any serde value as MessagePack that no other value shares.
//!
//! `rmp-serde` is made for compact storage and lets different values meet in the same bytes: `Some(x)` and `x`,
//! `Some(None)` and `None`, `5u8` and `5u64`, a map in two orders. A key must keep the first three apart and
//! bring the last together, so this encoder writes every number in the width of its type, announces what
//! MessagePack has no type for with an extension marker, names structs, fields and variants, and sorts maps.

mod compound;
#[cfg(test)]
mod tests;

use std::fmt::{self, Display};

use rmp::encode::{self as mp, ByteBuf};
use serde::ser::{self, Serialize};

use self::compound::{List, Map};

/// Extension types for what serde tells apart and MessagePack does not.
/// The numbers are part of the key format: changing one makes every cache cold.
#[derive(Clone, Copy)]
enum Marker {
    Some = 1,
    Unit = 2,
    Char = 3,
    Tuple = 4,
    Named = 5,
    Struct = 6,
    Variant = 7,
    I128 = 8,
    U128 = 9,
}

/// The deepest nesting that is written.
pub(crate) const DEPTH: u32 = 256;

/// Appends the encoding of `value` to `out`.
///
/// # Errors
///
/// Only what the value's own `Serialize` reports.
pub(crate) fn encode<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut buffer = ByteBuf::from_vec(std::mem::take(out));
    let result = value.serialize(Encoder {
        out: &mut buffer,
        depth: 0,
    });
    *out = buffer.into_vec();
    result
}

/// Why a value could not be encoded; the text comes from the value's own `Serialize`.
#[derive(Debug)]
pub(crate) struct EncodeError(String);

impl EncodeError {
    pub(super) fn panicked() -> Self {
        Self("its `Serialize` panicked".to_owned())
    }
}

impl Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

impl ser::Error for EncodeError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Writing to memory can't fail; this turns the infallible results of `rmp` into ours.
fn wrote<T, E: Display>(result: Result<T, E>) -> Result<(), EncodeError> {
    result
        .map(drop)
        .map_err(|error| EncodeError(error.to_string()))
}

/// Lengths are written in 32 bits, as MessagePack does.
fn length(len: usize) -> Result<u32, EncodeError> {
    u32::try_from(len).map_err(|_| EncodeError("longer than 4 GiB".to_owned()))
}

struct Encoder<'a> {
    out: &'a mut ByteBuf,
    /// How many values there are around this one.
    depth: u32,
}

impl Encoder<'_> {
    /// The encoder of what is inside this value. A stack that overflows can't be caught, so there is an end to it.
    fn inner(self) -> Result<Self, EncodeError> {
        if self.depth >= DEPTH {
            return Err(EncodeError(format!("nested more than {DEPTH} deep")));
        }
        Ok(Self {
            depth: self.depth + 1,
            out: self.out,
        })
    }

    fn mark(&mut self, marker: Marker) -> Result<(), EncodeError> {
        wrote(mp::write_ext_meta(self.out, 1, marker as i8))?;
        self.raw(&[0]);
        Ok(())
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.as_mut_vec().extend_from_slice(bytes);
    }

    fn name(&mut self, name: &str) -> Result<(), EncodeError> {
        wrote(mp::write_str(self.out, name))
    }

    fn variant(&mut self, enumeration: &str, variant: &str) -> Result<(), EncodeError> {
        self.mark(Marker::Variant)?;
        self.name(enumeration)?;
        self.name(variant)
    }
}

impl<'a> ser::Serializer for Encoder<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = Map<'a>;
    type SerializeStruct = List<'a>;
    type SerializeStructVariant = List<'a>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, v: bool) -> Result<(), EncodeError> {
        wrote(mp::write_bool(self.out, v))
    }

    fn serialize_i8(self, v: i8) -> Result<(), EncodeError> {
        wrote(mp::write_i8(self.out, v))
    }

    fn serialize_i16(self, v: i16) -> Result<(), EncodeError> {
        wrote(mp::write_i16(self.out, v))
    }

    fn serialize_i32(self, v: i32) -> Result<(), EncodeError> {
        wrote(mp::write_i32(self.out, v))
    }

    fn serialize_i64(self, v: i64) -> Result<(), EncodeError> {
        wrote(mp::write_i64(self.out, v))
    }

    fn serialize_i128(mut self, v: i128) -> Result<(), EncodeError> {
        self.mark(Marker::I128)?;
        self.raw(&v.to_be_bytes());
        Ok(())
    }

    fn serialize_u8(self, v: u8) -> Result<(), EncodeError> {
        wrote(mp::write_u8(self.out, v))
    }

    fn serialize_u16(self, v: u16) -> Result<(), EncodeError> {
        wrote(mp::write_u16(self.out, v))
    }

    fn serialize_u32(self, v: u32) -> Result<(), EncodeError> {
        wrote(mp::write_u32(self.out, v))
    }

    fn serialize_u64(self, v: u64) -> Result<(), EncodeError> {
        wrote(mp::write_u64(self.out, v))
    }

    fn serialize_u128(mut self, v: u128) -> Result<(), EncodeError> {
        self.mark(Marker::U128)?;
        self.raw(&v.to_be_bytes());
        Ok(())
    }

    fn serialize_f32(self, v: f32) -> Result<(), EncodeError> {
        wrote(mp::write_f32(self.out, v))
    }

    fn serialize_f64(self, v: f64) -> Result<(), EncodeError> {
        wrote(mp::write_f64(self.out, v))
    }

    fn serialize_char(mut self, v: char) -> Result<(), EncodeError> {
        self.mark(Marker::Char)?;
        wrote(mp::write_u32(self.out, u32::from(v)))
    }

    fn serialize_str(self, v: &str) -> Result<(), EncodeError> {
        length(v.len())?;
        wrote(mp::write_str(self.out, v))
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), EncodeError> {
        length(v.len())?;
        wrote(mp::write_bin(self.out, v))
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        wrote(mp::write_nil(self.out))
    }

    fn serialize_some<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), EncodeError> {
        self.mark(Marker::Some)?;
        value.serialize(self.inner()?)
    }

    fn serialize_unit(mut self) -> Result<(), EncodeError> {
        self.mark(Marker::Unit)
    }

    fn serialize_unit_struct(mut self, name: &'static str) -> Result<(), EncodeError> {
        self.mark(Marker::Named)?;
        self.name(name)?;
        self.mark(Marker::Unit)
    }

    fn serialize_unit_variant(
        mut self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.variant(name, variant)?;
        self.mark(Marker::Unit)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.mark(Marker::Named)?;
        self.name(name)?;
        value.serialize(self.inner()?)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.variant(name, variant)?;
        value.serialize(self.inner()?)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<List<'a>, EncodeError> {
        Ok(List::begin(self.inner()?))
    }

    fn serialize_tuple(mut self, _len: usize) -> Result<List<'a>, EncodeError> {
        self.mark(Marker::Tuple)?;
        Ok(List::begin(self.inner()?))
    }

    fn serialize_tuple_struct(
        mut self,
        name: &'static str,
        _len: usize,
    ) -> Result<List<'a>, EncodeError> {
        self.mark(Marker::Named)?;
        self.name(name)?;
        self.serialize_tuple(0)
    }

    fn serialize_tuple_variant(
        mut self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<List<'a>, EncodeError> {
        self.variant(name, variant)?;
        self.serialize_tuple(0)
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Map<'a>, EncodeError> {
        Ok(Map::begin(self.inner()?))
    }

    fn serialize_struct(
        mut self,
        name: &'static str,
        _len: usize,
    ) -> Result<List<'a>, EncodeError> {
        self.mark(Marker::Struct)?;
        self.name(name)?;
        Ok(List::begin(self.inner()?))
    }

    fn serialize_struct_variant(
        mut self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<List<'a>, EncodeError> {
        self.variant(name, variant)?;
        self.mark(Marker::Struct)?;
        Ok(List::begin(self.inner()?))
    }
}
