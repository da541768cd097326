//! Large parts of a key: text and runs of numbers from 4 KiB on are represented by their hash.
//!
//! A part that lies in memory is hashed in place, without a copy, and by a hash of its own: blake3 takes many blocks at once at
//! the beginning of a hash, and single ones later. A key must not depend on how a part was written, so large parts that serde has
//! written are replaced by their hash as well.

use rmp::Marker;
use serde::Serialize;

use super::encoder::{self, EncodeError, Number};
use crate::process::serde_code::SerdeCode;

/// In bytes: a part whose content is this long, or longer, is large.
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
        // The head holds the full length, so no part of 32 bytes is mistaken for this hash.
        out.extend_from_slice(blake3::hash(content).as_bytes());
    }
}

/// The bytes of the head, where the part is one large text or one large run of numbers.
fn head_of_large(part: &[u8]) -> Option<usize> {
    let (marker, rest) = part.split_first()?;
    let head = match Marker::from_u8(*marker) {
        Marker::Str32 => 5,
        Marker::Ext32 if Number::is_run(*rest.get(4)?) => 6,
        _ => return None,
    };
    (part.len() >= head + LARGE).then_some(head)
}
