//! A sequence or a tuple under way.

use serde::ser::{self, Serialize};

use super::{EncodeError, Head, Place, pack::pack};

/// A sequence or a tuple under way.
pub(super) struct List<'a> {
    out: &'a mut Vec<u8>,
    place: Place,
    /// A run of numbers of one type begins here, in place of the list and its announcement.
    start: usize,
    head: Head,
    len: usize,
}

impl<'a> List<'a> {
    /// The bytes of `out` from `start` on announce the list. A run of numbers replaces them.
    #[inline]
    pub(super) fn begin(out: &'a mut Vec<u8>, place: Place, start: usize) -> Self {
        let head = Head::array(out);
        Self {
            out,
            place,
            start,
            head,
            len: 0,
        }
    }

    #[inline]
    pub(super) fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.len += 1;
        self.place.serialize(value, self.out)
    }

    /// The place of the next element.
    pub(super) fn position(&self) -> usize {
        self.out.len()
    }

    /// Sorts the elements, which lie at these places, by their encodings.
    pub(super) fn sort(&mut self, starts: &[usize]) {
        let ends = starts.iter().skip(1).copied().chain([self.out.len()]);
        let mut elements: Vec<_> = starts.iter().copied().zip(ends).collect();
        let out = &mut *self.out;
        elements.sort_by(|a, b| out[a.0..a.1].cmp(&out[b.0..b.1]));
        let sorted: Vec<u8> = elements
            .iter()
            .flat_map(|(start, end)| &out[*start..*end])
            .copied()
            .collect();
        out.truncate(self.head.body);
        out.extend_from_slice(&sorted);
    }

    #[inline]
    pub(super) fn finish(self) -> Result<(), EncodeError> {
        let Self { out, len, .. } = self;
        if len == 0 {
            // Serde tells neither the element type of an empty list, nor whether it is a tuple.
            out.truncate(self.start);
            Head::array(out);
            return Ok(());
        }
        if pack(len, self.head.body, self.start, out)? {
            return Ok(());
        }
        self.head.end(len, out)
    }
}

/// They differ only in what serde calls them and their elements.
macro_rules! lists {
    ($($trait:ident $method:ident;)*) => {$(
        impl ser::$trait for List<'_> {
            type Ok = ();
            type Error = EncodeError;

            #[inline]
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
