//! Large parts of a key: of text and of numbers from a size on, their hash stands for them.
//!
//! What lies in memory is so hashed where it lies, without a copy, and from its first byte on: at the start of a hash
//! blake3 takes many blocks at once, after what went before them it begins with single ones. Because a part is the same
//! however it came to be written, what serde wrote is treated alike.

use rmp::Marker;
use serde::Serialize;

use super::encoder::{self, EncodeError, Number};

/// From so many bytes on.
const LARGE: usize = 4 * 1024;

/// Appends `value` as one part.
///
/// # Errors
///
/// Those of [`encoder::encode`].
pub(super) fn encode<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let start = out.len();
    encoder::encode(value, out)?;
    if let Some(head) = head_of_large(&out[start..]) {
        let content = start + head;
        let hash = blake3::hash(&out[content..]);
        out.truncate(content);
        out.extend_from_slice(hash.as_bytes());
    }
    Ok(())
}

/// Appends what a part is about, after its head.
pub(super) fn append(content: &[u8], out: &mut Vec<u8>) {
    if content.len() < LARGE {
        out.extend_from_slice(content);
    } else {
        // The head tells the length, so nothing else reads like this.
        out.extend_from_slice(blake3::hash(content).as_bytes());
    }
}

/// The length of what announces a large text, or large numbers, where the part is that and nothing else.
fn head_of_large(part: &[u8]) -> Option<usize> {
    let (marker, rest) = part.split_first()?;
    let head = match Marker::from_u8(*marker) {
        Marker::Str32 => 5,
        Marker::Ext32 if Number::is_run(*rest.get(4)?) => 6,
        _ => return None,
    };
    (part.len() >= head + LARGE).then_some(head)
}
