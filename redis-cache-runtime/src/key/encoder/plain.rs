//! Writes sequences whose item type shows that all elements are numbers of one type.

use serde::ser::{self, Impossible, Serialize};

use super::{EncodeError, Number, begin_numbers};

/// Bytes that are gathered on the stack before they are appended.
const CHUNK: usize = 512;

/// Writes `items`, which are all of the type `number`, as a run.
pub(super) fn write(
    number: Number,
    items: impl IntoIterator<Item: Serialize>,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let start = out.len();
    let head = number.run_head(0)?;
    out.extend_from_slice(&head);
    let items = items.into_iter();
    match number.width() {
        1 => gather::<1>(items, out)?,
        2 => gather::<2>(items, out)?,
        4 => gather::<4>(items, out)?,
        _ => gather::<8>(items, out)?,
    }
    let body = start + head.len();
    let bytes = out.len() - body;
    if bytes == 0 {
        out.truncate(start);
        return begin_numbers(number, 0, out);
    }
    out[start..body].copy_from_slice(&number.run_head(bytes)?);
    Ok(())
}

fn gather<const WIDTH: usize>(
    mut items: impl Iterator<Item: Serialize>,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut chunk = [0; CHUNK];
    loop {
        let mut len = 0;
        for (place, item) in chunk.chunks_exact_mut(WIDTH).zip(&mut items) {
            place.copy_from_slice(&item.serialize(Plain)?[..WIDTH]);
            len += WIDTH;
        }
        if len == 0 {
            return Ok(());
        }
        out.extend_from_slice(&chunk[..len]);
    }
}

/// A serializer that returns a number's bytes, little-endian and filled up with zeros to 8.
struct Plain;

type Bytes = [u8; 8];

type Never = Impossible<Bytes, EncodeError>;

fn refuse<T>() -> Result<T, EncodeError> {
    Err(ser::Error::custom("not a plain number"))
}

macro_rules! numbers {
    ($($method:ident($type:ty);)*) => {$(
        #[inline]
        fn $method(self, v: $type) -> Result<Bytes, EncodeError> {
            let mut bytes = [0; 8];
            bytes[..size_of::<$type>()].copy_from_slice(&v.to_le_bytes());
            Ok(bytes)
        }
    )*};
}

macro_rules! refused {
    ($($method:ident($($argument:ty),*) -> $result:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$result, EncodeError> {
            refuse()
        }
    )*};
}

impl ser::Serializer for Plain {
    type Ok = Bytes;
    type Error = EncodeError;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    numbers! {
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_f32(f32);
        serialize_f64(f64);
    }

    refused! {
        serialize_bool(bool) -> Bytes;
        serialize_char(char) -> Bytes;
        serialize_str(&str) -> Bytes;
        serialize_bytes(&[u8]) -> Bytes;
        serialize_none() -> Bytes;
        serialize_unit() -> Bytes;
        serialize_unit_struct(&'static str) -> Bytes;
        serialize_unit_variant(&'static str, u32, &'static str) -> Bytes;
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct(&'static str, usize) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Bytes, EncodeError> {
        refuse()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<Bytes, EncodeError> {
        refuse()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Bytes, EncodeError> {
        refuse()
    }
}
