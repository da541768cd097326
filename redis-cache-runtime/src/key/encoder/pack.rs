//! Numbers that were written one by one become a run, as slices of memory are.

use super::{EncodeError, Number};

/// Packs the `len` values from `body` to the end of `out` into a run at `start`, if all of them are numbers of one type.
#[inline]
pub(super) fn pack(
    len: usize,
    body: usize,
    start: usize,
    out: &mut Vec<u8>,
) -> Result<bool, EncodeError> {
    let Some(number) = out.get(body).copied().and_then(Number::announced) else {
        return Ok(false);
    };
    if !all_are(number, len, &out[body..]) {
        return Ok(false);
    }
    let head = number.run_head(len * number.width())?;
    let to = start + head.len();
    match number.width() {
        1 => gather::<1>(len, body, to, out),
        2 => gather::<2>(len, body, to, out),
        4 => gather::<4>(len, body, to, out),
        _ => gather::<8>(len, body, to, out),
    }
    out[start..to].copy_from_slice(&head);
    Ok(true)
}

/// Whether `values` are `len` numbers of this type.
///
/// The first byte of a value tells where the next one begins: with the same marker at each of these places there is
/// nothing between them but such numbers.
fn all_are(number: Number, len: usize, values: &[u8]) -> bool {
    let size = 1 + number.width();
    let marker = number.marker().to_u8();
    values.len() == len * size && (0..len).all(|i| values[i * size] == marker)
}

/// Moves the numbers behind `len` markers to where they lie one after the other, the little end of each first.
fn gather<const WIDTH: usize>(len: usize, from: usize, to: usize, out: &mut Vec<u8>) {
    for i in 0..len {
        let (read, write) = (from + i * (1 + WIDTH) + 1, to + i * WIDTH);
        let mut bytes = [0; WIDTH];
        bytes.copy_from_slice(&out[read..read + WIDTH]);
        bytes.reverse();
        out[write..write + WIDTH].copy_from_slice(&bytes);
    }
    out.truncate(to + len * WIDTH);
}
