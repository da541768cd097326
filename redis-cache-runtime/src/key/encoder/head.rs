//! The head of a string, a list or a map.

use rmp::Marker;

use super::{EncodeError, length};

/// A head whose length is filled in at the end: serde need not know it beforehand.
#[derive(Debug)]
pub(super) struct Head {
    /// The place behind the head.
    pub(super) body: usize,
}

impl Head {
    /// The head of a string.
    pub(super) fn text(out: &mut Vec<u8>) -> Self {
        Self::begin(Marker::Str32, out)
    }

    /// The head of a list.
    #[inline]
    pub(super) fn array(out: &mut Vec<u8>) -> Self {
        Self::begin(Marker::Array32, out)
    }

    /// The head of a map.
    pub(super) fn map(out: &mut Vec<u8>) -> Self {
        Self::begin(Marker::Map32, out)
    }

    #[inline]
    fn begin(marker: Marker, out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(&[marker.to_u8(), 0, 0, 0, 0]);
        Self { body: out.len() }
    }

    /// Fills in the length.
    #[inline]
    pub(super) fn end(&self, len: usize, out: &mut [u8]) -> Result<(), EncodeError> {
        out[self.body - 4..self.body].copy_from_slice(&length(len)?.to_be_bytes());
        Ok(())
    }
}
