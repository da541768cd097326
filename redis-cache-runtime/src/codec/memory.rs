//! Values that are stored as they lie in memory: serde takes a list of numbers one by one.

/// What can be stored without serde.
pub trait Memory: Sized {
    /// Appends the value to `out`.
    fn write(&self, out: &mut Vec<u8>);

    /// `None` where `bytes` are not such a value.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// Numbers one after the other, the little end of each first.
macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Memory for Vec<$number> {
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

numbers!(u8, u16, u32, u64, i8, i16, i32, i64, f32, f64);

/// Nothing for `None`; a byte goes before what there is.
impl<T: Memory> Memory for Option<T> {
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
