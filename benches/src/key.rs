//! The key that a careful user makes by hand.

/// blake3 of the input in hexadecimal.
pub(crate) fn of(input: &[u8]) -> String {
    blake3::hash(input).to_hex().to_string()
}
