//! What goes before a string, a list or a map.

use rmp::Marker;

use super::{EncodeError, length};

/// A head whose length is filled in at the end: serde need not know it beforehand.
#[derive(Debug)]
pub(super) struct Head {
    /// Where what it announces begins.
    pub(super) body: usize,
}

impl Head {
    /// Before a string.
    pub(super) fn text(out: &mut Vec<u8>) -> Self {
        Self::begin(Marker::Str32, out)
    }

    /// Before values.
    #[inline]
    pub(super) fn array(out: &mut Vec<u8>) -> Self {
        Self::begin(Marker::Array32, out)
    }

    /// Before pairs of values.
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
