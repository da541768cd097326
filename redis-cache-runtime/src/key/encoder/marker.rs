//! Markers for kinds of values that serde tells apart and MessagePack does not.

/// An extension of one zero byte, whose type tells the kind of the next value.
/// The numbers are part of the key format: a changed number makes every cache cold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Marker {
    Some = 1,
    Unit = 2,
    Char = 3,
    Tuple = 4,
    Named = 5,
    Struct = 6,
    Variant = 7,
    I128 = 8,
    U128 = 9,
    Bytes = 10,
}

impl Marker {
    #[inline]
    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[rmp::Marker::FixExt1.to_u8(), self as u8, 0]);
    }
}
