//! Lists and maps while their elements are written.

use rmp::encode::ByteBuf;
use serde::ser::{self, Serialize};

use super::{EncodeError, Encoder, length};

/// A sequence, or the fields of a struct, under way.
pub(super) struct List<'a> {
    out: &'a mut ByteBuf,
    depth: u32,
    at: usize,
    len: usize,
}

impl<'a> List<'a> {
    /// Starts a list. Its length is written when it ends: serde need not know it beforehand.
    pub(super) fn begin(Encoder { out, depth }: Encoder<'a>) -> Self {
        let at = out.as_vec().len();
        out.as_mut_vec()
            .extend_from_slice(&[rmp::Marker::Array32.to_u8(), 0, 0, 0, 0]);
        Self {
            out,
            depth,
            at,
            len: 0,
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.len += 1;
        value.serialize(Encoder {
            out: self.out,
            depth: self.depth,
        })
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), EncodeError> {
        Encoder {
            out: self.out,
            depth: self.depth,
        }
        .name(name)?;
        self.element(value)
    }

    fn finish(self) -> Result<(), EncodeError> {
        let len = length(self.len)?;
        self.out.as_mut_vec()[self.at + 1..self.at + 5].copy_from_slice(&len.to_be_bytes());
        Ok(())
    }
}

/// Lists differ only in what serde calls them and their elements.
macro_rules! lists {
    ($($trait:ident $method:ident;)*) => {$(
        impl ser::$trait for List<'_> {
            type Ok = ();
            type Error = EncodeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
                self.element(value)
            }

            fn end(self) -> Result<(), EncodeError> {
                self.finish()
            }
        }
    )*};
}

lists! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

/// Structs write the name of each field before it.
macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl ser::$trait for List<'_> {
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
    )*};
}

structs!(SerializeStruct SerializeStructVariant);

/// A map under way; sorted by its encoded keys when it ends, so that a `HashMap` has one encoding.
pub(super) struct Map<'a> {
    out: &'a mut ByteBuf,
    depth: u32,
    at: usize,
    entries: Vec<Entry>,
}

impl<'a> Map<'a> {
    pub(super) fn begin(Encoder { out, depth }: Encoder<'a>) -> Self {
        let at = out.as_vec().len();
        out.as_mut_vec()
            .extend_from_slice(&[rmp::Marker::Map32.to_u8(), 0, 0, 0, 0]);
        Self {
            out,
            depth,
            at,
            entries: Vec::new(),
        }
    }
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
        key.serialize(Encoder {
            out: self.out,
            depth: self.depth,
        })?;
        let value = self.out.as_vec().len();
        self.entries.push(Entry {
            start,
            value,
            end: value,
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(Encoder {
            out: self.out,
            depth: self.depth,
        })?;
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
            ..
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
