//! A sequence or a tuple under way.

use serde::ser::{self, Serialize};

use super::{EncodeError, Encoder, Head, Place, pack::pack};

/// A sequence or a tuple under way.
pub(super) struct List<'a> {
    out: &'a mut Vec<u8>,
    place: Place,
    /// Where it begins if it turns out to be numbers.
    start: usize,
    head: Head,
    len: usize,
}

impl<'a> List<'a> {
    /// What `out` holds from `start` on announces the list if it is not numbers of one type.
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
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.len += 1;
        value.serialize(Encoder::new(self.out, self.place))
    }

    #[inline]
    fn finish(self) -> Result<(), EncodeError> {
        let Self { out, len, .. } = self;
        if len == 0 {
            // Serde does not say of what type there are none, or whether it is a tuple.
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
