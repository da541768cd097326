//! Writes any serde value as MessagePack that no other value shares.
//!
//! `rmp-serde` is made for compact storage and lets different values meet in the same bytes: `Some(x)` and `x`,
//! `Some(None)` and `None`, `5u8` and `5u64`, a map in two orders. A key must keep the first three apart and
//! bring the last together, so this encoder writes every number in the width of its type, announces what
//! MessagePack has no type for with an extension marker, names structs, fields and variants, and sorts maps.

use std::fmt::{self, Display};

use rmp::encode::{self as mp, ByteBuf};
use serde::ser::{self, Serialize};

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
    let result = value.serialize(Encoder { out: &mut buffer });
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
}

impl<'a> Encoder<'a> {
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

    /// Starts a list whose length is written when it ends: serde need not know it beforehand.
    fn list(mut self) -> List<'a> {
        let at = self.out.as_vec().len();
        self.raw(&[rmp::Marker::Array32.to_u8(), 0, 0, 0, 0]);
        List {
            out: self.out,
            at,
            len: 0,
        }
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
        value.serialize(self)
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
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.variant(name, variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<List<'a>, EncodeError> {
        Ok(self.list())
    }

    fn serialize_tuple(mut self, _len: usize) -> Result<List<'a>, EncodeError> {
        self.mark(Marker::Tuple)?;
        Ok(self.list())
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

    fn serialize_map(mut self, _len: Option<usize>) -> Result<Map<'a>, EncodeError> {
        let at = self.out.as_vec().len();
        self.raw(&[rmp::Marker::Map32.to_u8(), 0, 0, 0, 0]);
        Ok(Map {
            out: self.out,
            at,
            entries: Vec::new(),
        })
    }

    fn serialize_struct(
        mut self,
        name: &'static str,
        _len: usize,
    ) -> Result<List<'a>, EncodeError> {
        self.mark(Marker::Struct)?;
        self.name(name)?;
        Ok(self.list())
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
        Ok(self.list())
    }
}

/// A sequence, or the fields of a struct, under way.
struct List<'a> {
    out: &'a mut ByteBuf,
    at: usize,
    len: usize,
}

impl List<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.len += 1;
        value.serialize(Encoder { out: self.out })
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), EncodeError> {
        Encoder { out: self.out }.name(name)?;
        self.element(value)
    }

    fn finish(self) -> Result<(), EncodeError> {
        let len = length(self.len)?;
        self.out.as_mut_vec()[self.at + 1..self.at + 5].copy_from_slice(&len.to_be_bytes());
        Ok(())
    }
}

impl ser::SerializeSeq for List<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.element(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

impl ser::SerializeTuple for List<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.element(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

impl ser::SerializeTupleStruct for List<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.element(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

impl ser::SerializeTupleVariant for List<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.element(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

impl ser::SerializeStruct for List<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

impl ser::SerializeStructVariant for List<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

/// A map under way; sorted by its encoded keys when it ends, so that a `HashMap` has one encoding.
struct Map<'a> {
    out: &'a mut ByteBuf,
    at: usize,
    entries: Vec<Entry>,
}

/// Where one entry of a map lies in the buffer.
struct Entry {
    start: usize,
    value: usize,
    end: usize,
}

impl ser::SerializeMap for Map<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        let start = self.out.as_vec().len();
        key.serialize(Encoder { out: self.out })?;
        let value = self.out.as_vec().len();
        self.entries.push(Entry {
            start,
            value,
            end: value,
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(Encoder { out: self.out })?;
        let end = self.out.as_vec().len();
        match self.entries.last_mut() {
            Some(entry) => entry.end = end,
            None => return Err(ser::Error::custom("a map value before its key")),
        }
        Ok(())
    }

    fn end(self) -> Result<(), EncodeError> {
        let Self {
            out,
            at,
            mut entries,
        } = self;
        let len = length(entries.len())?;
        let bytes = out.as_mut_vec();
        bytes[at + 1..at + 5].copy_from_slice(&len.to_be_bytes());
        let body = at + 5;
        // A stable sort by key alone: a multimap's values keep their order under one key.
        entries.sort_by(|a, b| bytes[a.start..a.value].cmp(&bytes[b.start..b.value]));
        let sorted: Vec<u8> = entries
            .iter()
            .flat_map(|entry| &bytes[entry.start..entry.end])
            .copied()
            .collect();
        bytes.truncate(body);
        bytes.extend_from_slice(&sorted);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use serde::Serialize;

    use super::*;

    fn bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
        let mut out = Vec::new();
        encode(value, &mut out).unwrap();
        out
    }

    /// Every pair must differ.
    fn all_distinct(encodings: &[(&str, Vec<u8>)]) {
        for (i, (left, a)) in encodings.iter().enumerate() {
            for (right, b) in &encodings[i + 1..] {
                assert_ne!(a, b, "{left} and {right} share an encoding");
            }
        }
    }

    #[test]
    fn options_units_and_their_contents_differ() {
        all_distinct(&[
            ("5", bytes(&5u32)),
            ("Some(5)", bytes(&Some(5u32))),
            ("Some(Some(5))", bytes(&Some(Some(5u32)))),
            ("None", bytes(&None::<u32>)),
            ("Some(None)", bytes(&Some(None::<u32>))),
            ("()", bytes(&())),
            ("Some(())", bytes(&Some(()))),
            ("[5]", bytes(&vec![5u32])),
            ("(5,)", bytes(&(5u32,))),
            ("[]", bytes(&Vec::<u32>::new())),
            ("empty string", bytes("")),
        ]);
    }

    #[test]
    fn numbers_keep_their_type() {
        all_distinct(&[
            ("u8", bytes(&5u8)),
            ("u16", bytes(&5u16)),
            ("u32", bytes(&5u32)),
            ("u64", bytes(&5u64)),
            ("u128", bytes(&5u128)),
            ("i8", bytes(&5i8)),
            ("i16", bytes(&5i16)),
            ("i32", bytes(&5i32)),
            ("i64", bytes(&5i64)),
            ("i128", bytes(&5i128)),
            ("f32", bytes(&5f32)),
            ("f64", bytes(&5f64)),
            ("-0.0", bytes(&-0.0f32)),
            ("0.0", bytes(&0.0f32)),
            ("char", bytes(&'5')),
            ("str", bytes("5")),
        ]);
    }

    #[test]
    fn neighbours_never_run_together() {
        assert_ne!(bytes(&("ab", "c")), bytes(&("a", "bc")));
        assert_ne!(
            bytes(&(vec![1u8], vec![2u8, 3])),
            bytes(&(vec![1u8, 2], vec![3u8]))
        );
    }

    #[test]
    fn structs_carry_their_field_names_and_types() {
        mod before {
            #[derive(serde::Serialize)]
            pub(super) struct Size {
                pub(super) width: u32,
                pub(super) height: u32,
            }
        }
        mod reordered {
            #[derive(serde::Serialize)]
            pub(super) struct Size {
                pub(super) height: u32,
                pub(super) width: u32,
            }
        }
        mod retyped {
            #[derive(serde::Serialize)]
            pub(super) struct Size {
                pub(super) width: u64,
                pub(super) height: u64,
            }
        }
        all_distinct(&[
            (
                "before",
                bytes(&before::Size {
                    width: 1,
                    height: 2,
                }),
            ),
            (
                "reordered",
                bytes(&reordered::Size {
                    height: 1,
                    width: 2,
                }),
            ),
            (
                "retyped",
                bytes(&retyped::Size {
                    width: 1,
                    height: 2,
                }),
            ),
            ("tuple", bytes(&(1u32, 2u32))),
        ]);
    }

    #[test]
    fn enum_variants_differ() {
        #[derive(Serialize)]
        enum Shape {
            Unit,
            Empty {},
            Newtype(u32),
            Tuple(u32, u32),
            Struct { side: u32 },
        }
        all_distinct(&[
            ("unit", bytes(&Shape::Unit)),
            ("empty", bytes(&Shape::Empty {})),
            ("newtype", bytes(&Shape::Newtype(1))),
            ("tuple", bytes(&Shape::Tuple(1, 1))),
            ("struct", bytes(&Shape::Struct { side: 1 })),
            ("name", bytes("Unit")),
        ]);
    }

    #[test]
    fn maps_are_sorted() {
        let entries = (0..200u32).map(|n| (n.to_string(), n));
        let tree: BTreeMap<_, _> = entries.clone().collect();
        let expected = bytes(&tree);
        for _ in 0..4 {
            let hash: HashMap<_, _> = entries.clone().collect();
            assert_eq!(bytes(&hash), expected);
        }
    }

    #[test]
    fn a_failing_serialize_is_an_error() {
        struct Refuses;
        impl Serialize for Refuses {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("no"))
            }
        }
        let mut out = vec![1];
        assert_eq!(encode(&Refuses, &mut out).unwrap_err().to_string(), "no");
    }
}
