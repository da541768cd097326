//! Damage to bytes that were right.

use crate::{Result, Unstructured};

/// Changes `bytes` in one to four places: a bit, a byte, a piece taken out, twice or cut off, or one of `words` put in.
///
/// # Errors
///
/// Where the input is used up.
pub fn mutate(bytes: &mut Vec<u8>, words: &[&[u8]], u: &mut Unstructured<'_>) -> Result<()> {
    for _ in 0..u.int_in_range(1..=4)? {
        let at = u.int_in_range(0..=bytes.len())?;
        let end = (at + u.int_in_range(0..=16)?).min(bytes.len());
        match u.int_in_range(0..=6)? {
            0 if at < bytes.len() => bytes[at] ^= 1 << u.int_in_range(0..=7)?,
            1 if at < bytes.len() => bytes[at] = u.arbitrary()?,
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                put(bytes, at, &piece);
            }
            4 => bytes.truncate(at),
            5 => {
                let len = u.int_in_range(0..=8)?;
                let some = u.bytes(len)?.to_vec();
                put(bytes, at, &some);
            }
            _ if !words.is_empty() => put(bytes, at, u.choose(words)?),
            _ => {}
        }
    }
    Ok(())
}

fn put(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}
