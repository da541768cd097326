//! Writes any serde value as MessagePack that no other value shares.
//!
//! `rmp-serde` is made for compact storage and lets different values meet in the same bytes: `Some(x)` and `x`,
//! `Some(None)` and `None`, `5u8` and `5u64`, a map in two orders. A key must keep the first three apart and
//! bring the last together, so this encoder writes every number in the width of its type, marks the kinds that
//! MessagePack lacks by an extension, names structs, fields and variants, and sorts maps and sets that
//! have no order of their own.
//!
//! Numbers of one type are written as they lie in memory, so that a slice of them need not go through serde: a
//! sequence, an array or a tuple of such numbers, and bytes, are one extension with the numbers in little-endian order.
//! So are an empty sequence, array and tuple, and no bytes. Everything else has an encoding of its own.

mod error;
mod fields;
mod head;
mod list;
mod map;
mod marker;
mod number;
mod order;
mod pack;
mod plain;
mod serializer;
#[cfg(test)]
mod tests;

use serde::ser::{self, Serialize};

pub(crate) use self::error::EncodeError;
pub(in crate::key) use self::number::Number;
use self::{fields::Fields, head::Head, list::List, map::Map, marker::Marker};
use crate::process::nesting::Nesting;

/// Appends the encoding of `value` to `out`, as part of a key.
///
/// # Errors
///
/// The error of the value's own `Serialize`; a value that is nested too deep, or too long.
pub(crate) fn encode<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    encode_at(value, Place::default(), out)
}

/// The order of the entries of a map that is not known to be unordered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum MapOrder {
    /// As the map's `Serialize` gives them. Serde hides a `HashMap` that is flattened: its order differs each time.
    #[default]
    Told,
    /// Sorted by their keys.
    Sorted,
}

/// Appends an encoding of `value` that tells bytes, tuples and sequences apart, whatever they hold.
///
/// A key does not: a `Vec`, an array and a slice of the same numbers are one argument.
///
/// # Errors
///
/// The errors of [`encode`].
pub(crate) fn encode_strictly<T: Serialize + ?Sized>(
    value: &T,
    map_order: MapOrder,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let place = Place {
        strict: true,
        map_order,
        ..Place::default()
    };
    encode_at(value, place, out)
}

fn encode_at<T: Serialize + ?Sized>(
    value: &T,
    place: Place,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    place.serialize(value, out)
}

/// Begins a string of `len` bytes.
#[inline]
pub(super) fn begin_text(len: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    /// The marker of a string whose length is part of the marker.
    const SHORT: u8 = rmp::Marker::FixStr(0).to_u8();
    match u8::try_from(len) {
        Ok(len @ ..32) => {
            out.push(SHORT | len);
            Ok(())
        }
        _ => begin_long_text(len, out),
    }
}

#[inline(never)]
fn begin_long_text(len: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match u8::try_from(len) {
        Ok(len) => out.extend_from_slice(&[rmp::Marker::Str8.to_u8(), len]),
        Err(_) => Head::text(out).end(len, out)?,
    }
    Ok(())
}

/// Begins a run of little-endian numbers of so many bytes.
pub(super) fn begin_numbers(
    number: Number,
    bytes: usize,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    if bytes == 0 {
        // Serde does not tell the element type of an empty list.
        Head::array(out);
    } else {
        out.extend_from_slice(&number.run_head(bytes)?);
    }
    Ok(())
}

/// Lengths are written in 32 bits, as MessagePack does.
fn length(len: usize) -> Result<u32, EncodeError> {
    u32::try_from(len).map_err(|_| EncodeError::too_long())
}

/// The context of a value inside other values.
#[derive(Clone, Copy, Default)]
struct Place {
    nesting: Nesting,
    /// Whether bytes, tuples and sequences of the same numbers are told apart.
    strict: bool,
    map_order: MapOrder,
}

impl Place {
    /// A place inside a list, a map, a struct or a variant.
    #[inline]
    fn inner(self) -> Result<Self, EncodeError> {
        self.at(self.nesting.container())
    }

    /// A place inside an option or a newtype.
    #[inline]
    fn wrapped(self) -> Result<Self, EncodeError> {
        self.at(self.nesting.wrapper())
    }

    #[inline]
    fn at(self, nesting: Option<Nesting>) -> Result<Self, EncodeError> {
        let nesting = nesting.ok_or_else(EncodeError::too_deep)?;
        Ok(Self { nesting, ..self })
    }

    /// Writes a value that lies here.
    #[inline]
    fn serialize<T: Serialize + ?Sized>(
        self,
        value: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        self.nesting
            .run(|| value.serialize(Encoder::new(out, self)))
    }
}

struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    place: Place,
}

impl<'a> Encoder<'a> {
    const fn new(out: &'a mut Vec<u8>, place: Place) -> Self {
        Self { out, place }
    }

    /// Writes the content of an option or a newtype.
    #[inline]
    fn content<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.place.wrapped()?.serialize(value, self.out)
    }

    #[inline]
    fn mark(&mut self, marker: Marker) {
        marker.write(self.out);
    }

    #[inline]
    fn text(&mut self, text: &str) -> Result<(), EncodeError> {
        begin_text(text.len(), self.out)?;
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    #[inline]
    fn variant(&mut self, enumeration: &str, variant: &str) -> Result<(), EncodeError> {
        self.mark(Marker::Variant);
        self.text(enumeration)?;
        self.text(variant)
    }

    fn sequence(self) -> Result<List<'a>, EncodeError> {
        let start = self.out.len();
        self.list(start)
    }

    /// A tuple that is announced as one even where it holds numbers of one type.
    #[inline]
    fn announced_tuple(mut self) -> Result<List<'a>, EncodeError> {
        self.mark(Marker::Tuple);
        self.sequence()
    }

    /// A tuple that may also be an array, which lies in memory as a slice does.
    #[inline]
    fn tuple_or_array(mut self) -> Result<List<'a>, EncodeError> {
        if self.place.strict {
            return self.announced_tuple();
        }
        let start = self.out.len();
        self.mark(Marker::Tuple);
        self.list(start)
    }

    #[inline]
    fn list(self, start: usize) -> Result<List<'a>, EncodeError> {
        Ok(List::begin(self.out, self.place.inner()?, start))
    }

    fn collect(self, items: impl IntoIterator<Item: Serialize>) -> Result<(), EncodeError> {
        let mut list = self.sequence()?;
        for item in items {
            ser::SerializeSeq::serialize_element(&mut list, &item)?;
        }
        ser::SerializeSeq::end(list)
    }

    fn collect_sorted(self, items: impl IntoIterator<Item: Serialize>) -> Result<(), EncodeError> {
        let mut list = self.sequence()?;
        let mut starts = Vec::new();
        for item in items {
            starts.push(list.position());
            list.element(&item)?;
        }
        list.sort(&starts);
        list.finish()
    }

    /// A map under way.
    fn map(self, is_sorted: bool) -> Result<Map<'a>, EncodeError> {
        let is_sorted = is_sorted || self.place.map_order == MapOrder::Sorted;
        Ok(Map::begin(self.out, self.place.inner()?, is_sorted))
    }

    #[inline]
    fn fields(self) -> Result<Fields<'a>, EncodeError> {
        Ok(Fields::begin(self.out, self.place.inner()?))
    }
}
