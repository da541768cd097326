//! Turns numbers that were written one by one into a run, as a slice of them is written.

use super::{EncodeError, Number};

/// Packs the `len` values of `out[body..]` into a run at `start`, if all are numbers of one type. Returns whether they are.
#[inline]
pub(super) fn pack(
    len: usize,
    body: usize,
    start: usize,
    out: &mut Vec<u8>,
) -> Result<bool, EncodeError> {
    let Some(number) = all_are(len, &out[body..]) else {
        return Ok(false);
    };
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

/// The type of the numbers, where `values` are `len` numbers of one type.
///
/// A number's marker tells its width, and so where the next value begins. If each value begins with the same marker,
/// all are numbers of that type.
#[inline]
fn all_are(len: usize, values: &[u8]) -> Option<Number> {
    let marker = *values.first()?;
    let number = Number::announced(marker)?;
    let size = 1 + number.width();
    let markers = || values.iter().step_by(size);
    (values.len() == len * size && markers().all(|other| *other == marker)).then_some(number)
}

/// Moves `len` numbers, each behind its marker, to `to`: side by side, without markers, in little-endian order.
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
