//! The number types that a slice of memory can hold.

use rmp::Marker;

use super::{EncodeError, length};

/// A primitive number type. Its discriminant is the extension type of a run of these numbers, and part of the key format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::key) enum Number {
    U8 = 16,
    U16 = 17,
    U32 = 18,
    U64 = 19,
    I8 = 20,
    I16 = 21,
    I32 = 22,
    I64 = 23,
    F32 = 24,
    F64 = 25,
}

impl Number {
    /// In the order of MessagePack's markers, which have no gap from `F32` to `I64`.
    const ANNOUNCED: [Self; 10] = [
        Self::F32,
        Self::F64,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
    ];

    /// The type of a number that begins with `marker`.
    #[inline]
    pub(super) fn announced(marker: u8) -> Option<Self> {
        let index = marker.wrapping_sub(Marker::F32.to_u8());
        Self::ANNOUNCED.get(usize::from(index)).copied()
    }

    /// The number type to which `T` is a reference.
    pub(super) fn referred<T>() -> Option<Self> {
        let id = typeid::of::<T>();
        macro_rules! of {
            ($($type:ident $number:ident),*) => {
                $(if id == typeid::of::<&$type>() { return Some(Self::$number); })*
            };
        }
        of!(u8 U8, u16 U16, u32 U32, u64 U64, i8 I8, i16 I16, i32 I32, i64 I64, f32 F32, f64 F64);
        None
    }

    /// Writes one number, given in little-endian order, as MessagePack does: its marker, then big-endian bytes.
    #[inline]
    pub(super) fn write<const N: usize>(self, mut bytes: [u8; N], out: &mut Vec<u8>) {
        bytes.reverse();
        out.push(self.marker().to_u8());
        out.extend_from_slice(&bytes);
    }

    /// The head of a run of numbers that takes so many bytes in all.
    pub(super) fn run_head(self, bytes: usize) -> Result<[u8; 6], EncodeError> {
        let [a, b, c, d] = length(bytes)?.to_be_bytes();
        Ok([Marker::Ext32.to_u8(), a, b, c, d, self as u8])
    }

    /// Whether `extension` is the extension type of a run of numbers.
    pub(in crate::key) const fn is_run(extension: u8) -> bool {
        Self::U8 as u8 <= extension && extension <= Self::F64 as u8
    }

    /// Bytes of one number.
    pub(super) const fn width(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    const fn marker(self) -> Marker {
        match self {
            Self::U8 => Marker::U8,
            Self::U16 => Marker::U16,
            Self::U32 => Marker::U32,
            Self::U64 => Marker::U64,
            Self::I8 => Marker::I8,
            Self::I16 => Marker::I16,
            Self::I32 => Marker::I32,
            Self::I64 => Marker::I64,
            Self::F32 => Marker::F32,
            Self::F64 => Marker::F64,
        }
    }
}
