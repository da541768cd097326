//! Writes the elements of a sequence or a tuple.

use serde::ser::{self, Serialize};

use super::{EncodeError, Head, Place, pack::pack};

/// A sequence or a tuple whose elements are being written.
pub(super) struct List<'a> {
    out: &'a mut Vec<u8>,
    place: Place,
    /// The index in `out` from which a run of numbers replaces the list and the marker before it.
    start: usize,
    head: Head,
    len: usize,
}

impl<'a> List<'a> {
    /// Begins a list. If it turns out to be a run of numbers, the run replaces it and its marker, which begins at `start`.
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

    /// The index at which the next element begins.
    pub(super) fn position(&self) -> usize {
        self.out.len()
    }

    /// Sorts the elements, which begin at these indices, by their encodings.
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
            // An empty list and an empty array have one encoding, since serde does not tell the type of their elements.
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

/// The traits differ only in serde's names for them and for their elements.
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
