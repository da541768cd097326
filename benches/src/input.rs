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

/// Reads all of it, as whoever receives an input writes all of it. Otherwise whose turn comes after one who does not look
/// at it, or is the first, would find it in no cache of the processor, which makes a fifth of what a mebibyte costs.
pub(crate) fn receive(input: &Bytes) {
    let sum = input
        .iter()
        .fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    std::hint::black_box(sum);
}

/// What names an input: the raw baseline has its keys for nothing.
pub(crate) fn name(input: &Bytes) -> &[u8] {
    &input[..NAME]
}
