//! Values that are stored as they lie in memory: serde takes a list of numbers one by one.

/// A type that can be stored without serde.
pub trait Memory: Sized {
    /// Sets the type apart from others. Part of the format.
    const KIND: u64;

    /// Appends the value to `out`.
    fn write(&self, out: &mut Vec<u8>);

    /// `None` where `bytes` are not such a value.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// A type that may stand in an option: its empty value differs from `None`.
pub trait List: Memory {}

/// Numbers: one alone, and several one after the other, little-endian.
macro_rules! numbers {
    ($($number:ty = $kind:literal),*) => {$(
        impl Memory for $number {
            const KIND: u64 = $kind;

            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn read(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self::from_le_bytes)
            }
        }

        impl List for Vec<$number> {}

        impl Memory for Vec<$number> {
            const KIND: u64 = LIST | $kind;

            #[cfg(target_endian = "little")]
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(bytemuck::must_cast_slice(self));
            }

            #[cfg(target_endian = "big")]
            fn write(&self, out: &mut Vec<u8>) {
                out.extend(self.iter().flat_map(|number| number.to_le_bytes()));
            }

            #[cfg(target_endian = "little")]
            fn read(bytes: &[u8]) -> Option<Self> {
                let len = bytes.len() / size_of::<$number>();
                let mut numbers = vec![<$number>::default(); len];
                let memory: &mut [u8] = bytemuck::must_cast_slice_mut(&mut numbers);
                if memory.len() != bytes.len() {
                    return None;
                }
                memory.copy_from_slice(bytes);
                Some(numbers)
            }

            #[cfg(target_endian = "big")]
            fn read(bytes: &[u8]) -> Option<Self> {
                let (numbers, rest) = bytes.as_chunks();
                rest.is_empty()
                    .then(|| numbers.iter().copied().map(<$number>::from_le_bytes).collect())
            }
        }
    )*};
}

/// Marks a list in [`Memory::KIND`].
const LIST: u64 = 1 << 8;

/// Counts the options around a list in [`Memory::KIND`].
const OPTION: u64 = 1 << 16;

numbers!(
    u8 = 1,
    u16 = 2,
    u32 = 3,
    u64 = 4,
    i8 = 5,
    i16 = 6,
    i32 = 7,
    i64 = 8,
    f32 = 9,
    f64 = 10
);

impl Memory for bool {
    const KIND: u64 = 11;

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl Memory for String {
    const KIND: u64 = 12;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }
}

impl<T: List> List for Option<T> {}

/// `None` takes no bytes; one byte goes before the content of `Some`.
impl<T: List> Memory for Option<T> {
    const KIND: u64 = T::KIND + OPTION;

    fn write(&self, out: &mut Vec<u8>) {
        if let Some(value) = self {
            out.push(1);
            value.write(out);
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [] => Some(None),
            [1, value @ ..] => T::read(value).map(Some),
            _ => None,
        }
    }
}
