//! Durations as text: `"50ms"`, `"1.5s"`, `"10m"`.

/// The units, and how many nanoseconds each has. A unit that ends like another comes before it.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
    ("d", 86_400 * 1_000_000_000),
];

/// Reads a duration; the result is in nanoseconds.
///
/// # Errors
///
/// What is wrong with `text`, as the end of a sentence.
pub(crate) fn parse(text: &str) -> Result<u64, &'static str> {
    let (number, unit) = split_unit(text).ok_or("has no unit")?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || (number.contains('.') && !digits(fraction)) {
        return Err("is not a number and a unit");
    }
    let nanos = scale(whole, fraction, unit).ok_or("is too long")?;
    if nanos == 0 {
        return Err("is not longer than zero");
    }
    Ok(nanos)
}

fn split_unit(text: &str) -> Option<(&str, u64)> {
    UNITS
        .iter()
        .find_map(|(suffix, nanos)| Some((text.strip_suffix(suffix)?, *nanos)))
}

/// `whole.fraction` times `unit`, cut to whole nanoseconds; `None` if that is more than fits.
fn scale(whole: &str, fraction: &str, unit: u64) -> Option<u64> {
    // Digits further right are worth less than a nanosecond, even of a day.
    let fraction = &fraction[..fraction.len().min(18)];
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let number: u128 = format!("{whole}{fraction}").parse().ok()?;
    let nanos = number.checked_mul(u128::from(unit))? / scale;
    u64::try_from(nanos).ok()
}
