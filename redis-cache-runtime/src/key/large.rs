//! Large parts of a key: text and numbers from a size on are represented by their hash.
//!
//! A part that lies in memory is hashed in place, without a copy, by a hash of its own: at the start of a hash blake3 takes many
//! blocks at once, and later single ones. A part must be the same whichever way it was written, so the parts that serde wrote are
//! treated alike.

use rmp::Marker;
use serde::Serialize;

use super::encoder::{self, EncodeError, Number};
use crate::process::serde_code::SerdeCode;

/// A part is large from so many bytes on.
const LARGE: usize = 4 * 1024;

/// Appends `value` as one part.
///
/// # Errors
///
/// The errors of [`encoder::encode`].
pub(super) fn encode<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let start = out.len();
    let _here = SerdeCode::begin();
    encoder::encode(value, out)?;
    if let Some(head) = head_of_large(&out[start..]) {
        let content = start + head;
        let hash = blake3::hash(&out[content..]);
        out.truncate(content);
        out.extend_from_slice(hash.as_bytes());
    }
    Ok(())
}

/// Appends the content of a part, or its hash, after its head.
pub(super) fn append(content: &[u8], out: &mut Vec<u8>) {
    if content.len() < LARGE {
        out.extend_from_slice(content);
    } else {
        // The head tells the length, so nothing else reads like this.
        out.extend_from_slice(blake3::hash(content).as_bytes());
    }
}

/// The length of the head, where the part is one large text or one large run of numbers.
fn head_of_large(part: &[u8]) -> Option<usize> {
    let (marker, rest) = part.split_first()?;
    let head = match Marker::from_u8(*marker) {
        Marker::Str32 => 5,
        Marker::Ext32 if Number::is_run(*rest.get(4)?) => 6,
        _ => return None,
    };
    (part.len() >= head + LARGE).then_some(head)
}
