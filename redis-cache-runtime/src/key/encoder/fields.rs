//! Writes the fields of a struct.

use serde::ser::{self, Serialize};

use super::{EncodeError, Head, Place, begin_text};

/// A struct whose fields are being written, each after its name.
pub(super) struct Fields<'a> {
    out: &'a mut Vec<u8>,
    place: Place,
    head: Head,
    len: usize,
}

impl<'a> Fields<'a> {
    #[inline]
    pub(super) fn begin(out: &'a mut Vec<u8>, place: Place) -> Self {
        let head = Head::array(out);
        Self {
            out,
            place,
            head,
            len: 0,
        }
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), EncodeError> {
        self.len += 1;
        begin_text(name.len(), self.out)?;
        self.out.extend_from_slice(name.as_bytes());
        self.place.serialize(value, self.out)
    }

    fn finish(self) -> Result<(), EncodeError> {
        self.head.end(self.len, self.out)
    }
}

macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl ser::$trait for Fields<'_> {
            type Ok = ();
            type Error = EncodeError;

            #[inline]
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
