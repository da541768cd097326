//! Writes the entries of a map.

use serde::ser::{self, Serialize};

use super::{EncodeError, Head, Place};

/// A map whose entries are being written. A map without an order of its own is sorted by its encoded keys at its end, so
/// that a `HashMap` has one encoding.
pub(super) struct Map<'a> {
    out: &'a mut Vec<u8>,
    place: Place,
    head: Head,
    is_sorted: bool,
    len: usize,
    /// Empty where the map is not sorted.
    entries: Vec<Entry>,
}

/// The indices at which an entry and its value begin.
struct Entry {
    start: usize,
    value: usize,
}

impl<'a> Map<'a> {
    pub(super) fn begin(out: &'a mut Vec<u8>, place: Place, is_sorted: bool) -> Self {
        let head = Head::map(out);
        Self {
            out,
            place,
            head,
            is_sorted,
            len: 0,
            entries: Vec::new(),
        }
    }
}

impl ser::SerializeMap for Map<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        let start = self.out.len();
        self.place.serialize(key, self.out)?;
        self.len += 1;
        if self.is_sorted {
            let value = self.out.len();
            self.entries.push(Entry { start, value });
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        if self.len == 0 {
            return Err(ser::Error::custom("a map value before its key"));
        }
        self.place.serialize(value, self.out)
    }

    fn end(self) -> Result<(), EncodeError> {
        let Self {
            out, head, entries, ..
        } = self;
        head.end(self.len, out)?;
        let ends = entries.iter().skip(1).map(|next| next.start);
        let mut entries: Vec<_> = entries.iter().zip(ends.chain([out.len()])).collect();
        // A stable sort by key alone: the values that a multimap has under one key keep their order.
        entries.sort_by(|(a, _), (b, _)| out[a.start..a.value].cmp(&out[b.start..b.value]));
        if !entries.is_empty() {
            let sorted: Vec<u8> = entries
                .iter()
                .flat_map(|(entry, end)| &out[entry.start..*end])
                .copied()
                .collect();
            out.truncate(head.body);
            out.extend_from_slice(&sorted);
        }
        Ok(())
    }
}
