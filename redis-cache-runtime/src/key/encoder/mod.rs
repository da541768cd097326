//! Writes any serde value as MessagePack, different values as different bytes.
//!
//! `rmp-serde` is made for compact storage. It writes different values as the same bytes (`Some(x)` and `x`,
//! `Some(None)` and `None`, `5u8` and `5u64`), and one `HashMap` in different orders. A key needs the opposite. So
//! this encoder writes every number in the width of its type, marks the kinds that MessagePack lacks by an
//! extension, names structs, fields and variants, and sorts maps and sets that have no order of their own.
//!
//! Numbers of one type are written as a run, as they lie in memory, so that a slice of them need not go through serde.
//! A sequence, an array or a tuple of the same numbers, and the same bytes, are one run: an extension with the numbers
//! in little-endian order. An empty sequence, array or tuple, and no bytes, share one encoding too; all else differs.

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
/// The error of the value's own `Serialize`; a value that is nested too deep, or a length that takes more than 32 bits.
pub(crate) fn encode<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    encode_at(value, Place::default(), out)
}

/// The order in which the entries of a map are written, if its type does not show that it has none, as a `HashMap` does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum MapOrder {
    /// As the map's `Serialize` gives them. A flattened `HashMap` is not seen to be one: its order differs each time.
    #[default]
    Told,
    /// Sorted by their encoded keys.
    Sorted,
}

/// Appends an encoding of `value` that tells bytes, tuples and sequences apart even where they hold the same numbers.
///
/// [`encode`] does not: a `Vec`, an array and a slice of the same numbers are one argument.
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

/// Writes the head of a string of `len` bytes.
#[inline]
pub(super) fn begin_text(len: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    /// The marker of a string of up to 31 bytes: its low 5 bits are the length.
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

/// Writes the head of a run of numbers that takes so many bytes in all.
pub(super) fn begin_numbers(
    number: Number,
    bytes: usize,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    if bytes == 0 {
        // The empty list has one encoding, since serde does not tell the type of its elements.
        Head::array(out);
    } else {
        out.extend_from_slice(&number.run_head(bytes)?);
    }
    Ok(())
}

/// A length as MessagePack writes it, in 32 bits.
fn length(len: usize) -> Result<u32, EncodeError> {
    u32::try_from(len).map_err(|_| EncodeError::too_long())
}

/// The place of a value inside others: how deep it is nested, and by which rules it is written.
#[derive(Clone, Copy, Default)]
struct Place {
    nesting: Nesting,
    /// Whether bytes, tuples and sequences of the same numbers are written differently.
    strict: bool,
    map_order: MapOrder,
}

impl Place {
    /// The place inside a list, a map, a struct or a variant.
    #[inline]
    fn inner(self) -> Result<Self, EncodeError> {
        self.at(self.nesting.container())
    }

    /// The place inside an option or a newtype.
    #[inline]
    fn wrapped(self) -> Result<Self, EncodeError> {
        self.at(self.nesting.wrapper())
    }

    #[inline]
    fn at(self, nesting: Option<Nesting>) -> Result<Self, EncodeError> {
        let nesting = nesting.ok_or_else(EncodeError::too_deep)?;
        Ok(Self { nesting, ..self })
    }

    /// Writes the value at this place.
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

    /// Begins a tuple that keeps its marker even if it turns out to hold numbers of one type.
    #[inline]
    fn announced_tuple(mut self) -> Result<List<'a>, EncodeError> {
        self.mark(Marker::Tuple);
        self.sequence()
    }

    /// Begins a tuple that serde may have made from an array: if it holds numbers of one type, a run replaces it and its marker.
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

    /// Begins a map.
    fn map(self, is_sorted: bool) -> Result<Map<'a>, EncodeError> {
        let is_sorted = is_sorted || self.place.map_order == MapOrder::Sorted;
        Ok(Map::begin(self.out, self.place.inner()?, is_sorted))
    }

    #[inline]
    fn fields(self) -> Result<Fields<'a>, EncodeError> {
        Ok(Fields::begin(self.out, self.place.inner()?))
    }
}
