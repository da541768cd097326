//! What the handlers are called with.

use bytes::Bytes;

/// The bytes that name an input; the rest is noise.
const NAME: usize = 16;

/// So many inputs that nobody has used before.
pub(crate) fn fresh(count: usize, length: usize) -> Vec<Bytes> {
    (0..count).map(|_| one(length)).collect()
}

/// An input that nobody has used before.
pub(crate) fn one(length: usize) -> Bytes {
    let mut bytes = vec![0; length];
    fastrand::fill(&mut bytes);
    bytes.into()
}

/// What names an input: the raw baseline has its keys for nothing.
pub(crate) fn name(input: &Bytes) -> &[u8] {
    &input[..NAME]
}
