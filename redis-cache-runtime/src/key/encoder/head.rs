//! The head of a long string, a list or a map: a marker and a length of 32 bits.

use rmp::Marker;

use super::{EncodeError, length};

/// A head whose length is filled in at the end, because serde may not know it at the beginning.
#[derive(Debug)]
pub(super) struct Head {
    /// The index of the first byte after the head.
    pub(super) body: usize,
}

impl Head {
    pub(super) fn text(out: &mut Vec<u8>) -> Self {
        Self::begin(Marker::Str32, out)
    }

    #[inline]
    pub(super) fn array(out: &mut Vec<u8>) -> Self {
        Self::begin(Marker::Array32, out)
    }

    pub(super) fn map(out: &mut Vec<u8>) -> Self {
        Self::begin(Marker::Map32, out)
    }

    #[inline]
    fn begin(marker: Marker, out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(&[marker.to_u8(), 0, 0, 0, 0]);
        Self { body: out.len() }
    }

    /// Fills in the length: bytes of a string, elements of a list, entries of a map.
    #[inline]
    pub(super) fn end(&self, len: usize, out: &mut [u8]) -> Result<(), EncodeError> {
        out[self.body - 4..self.body].copy_from_slice(&length(len)?.to_be_bytes());
        Ok(())
    }
}
