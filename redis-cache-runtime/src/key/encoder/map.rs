//! A map under way.

use serde::ser::{self, Serialize};

use super::{EncodeError, Encoder, Head, Place};

/// A map under way; sorted by its encoded keys when it ends, so that a `HashMap` has one encoding.
pub(super) struct Map<'a> {
    out: &'a mut Vec<u8>,
    place: Place,
    head: Head,
    entries: Vec<Entry>,
}

/// Where one entry of a map lies in the buffer.
struct Entry {
    start: usize,
    value: usize,
    end: usize,
}

impl<'a> Map<'a> {
    pub(super) fn begin(out: &'a mut Vec<u8>, place: Place) -> Self {
        let head = Head::map(out);
        Self {
            out,
            place,
            head,
            entries: Vec::new(),
        }
    }
}

impl ser::SerializeMap for Map<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        let start = self.out.len();
        key.serialize(Encoder::new(self.out, self.place))?;
        let value = self.out.len();
        self.entries.push(Entry {
            start,
            value,
            end: value,
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(Encoder::new(self.out, self.place))?;
        match self.entries.last_mut() {
            Some(entry) => entry.end = self.out.len(),
            None => return Err(ser::Error::custom("a map value before its key")),
        }
        Ok(())
    }

    fn end(self) -> Result<(), EncodeError> {
        let Self {
            out,
            head,
            mut entries,
            ..
        } = self;
        head.end(entries.len(), out)?;
        // A stable sort by key alone: a multimap's values keep their order under one key.
        entries.sort_by(|a, b| out[a.start..a.value].cmp(&out[b.start..b.value]));
        let sorted: Vec<u8> = entries
            .iter()
            .flat_map(|entry| &out[entry.start..entry.end])
            .copied()
            .collect();
        out.truncate(head.body);
        out.extend_from_slice(&sorted);
        Ok(())
    }
}
