//! Durations as text: `50ms`, `1.5s`, `10m`.

use std::borrow::Cow;

/// The units, and how many nanoseconds each has.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
    ("d", 86_400 * 1_000_000_000),
];

/// Reads a duration in nanoseconds.
///
/// # Errors
///
/// The end of a sentence that begins with the name of the setting.
pub(crate) fn parse(text: &str) -> Result<u64, Cow<'static, str>> {
    let text = text.trim();
    let number = text.trim_end_matches(char::is_alphabetic);
    let unit = &text[number.len()..];
    if unit.is_empty() {
        return Err("has no unit".into());
    }
    let number = number.trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err("is not a number and a unit".into());
    }
    let known = UNITS.iter().find(|(name, _)| *name == unit);
    let Some((_, unit)) = known else {
        return Err(format!("is not in a known unit: `{unit}` is none").into());
    };
    match scale(whole, fraction, *unit) {
        None => Err("is too long".into()),
        Some(0) => Err("is not longer than zero".into()),
        Some(nanos) => Ok(nanos),
    }
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

#[cfg(test)]
mod tests {
    use cache_fuzz::fuzz;

    use super::*;

    #[test]
    fn every_unit() {
        let cases = [
            ("1ns", 1),
            ("2us", 2_000),
            ("2µs", 2_000),
            ("50ms", 50_000_000),
            ("3s", 3_000_000_000),
            ("10m", 600_000_000_000),
            ("1h", 3_600_000_000_000),
            ("2d", 172_800_000_000_000),
            (" 3 s ", 3_000_000_000),
        ];
        for (text, nanos) in cases {
            assert_eq!(parse(text), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn fractions_are_exact() {
        let cases = [
            ("1.5s", 1_500_000_000),
            ("0.1h", 360_000_000_000),
            ("0.000000001s", 1),
            ("1.9999999999999999999999ns", 1),
            ("0.3ms", 300_000),
            ("1.5d", 129_600_000_000_000),
        ];
        for (text, nanos) in cases {
            assert_eq!(parse(text), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "", "50", "ms", ".5s", "1.s", "1.2.3s", "-1s", "+1s", "1 .5s", "1e3s", "1w", "٣s",
            "sms",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_unknown_unit_is_named() {
        let cases = [
            ("50", "has no unit"),
            ("2w", "is not in a known unit: `w` is none"),
            ("200y", "is not in a known unit: `y` is none"),
            ("1 day", "is not in a known unit: `day` is none"),
            ("1.5 sms", "is not in a known unit: `sms` is none"),
            ("2S", "is not in a known unit: `S` is none"),
            ("h", "is not a number and a unit"),
        ];
        for (text, said) in cases {
            assert_eq!(parse(text), Err(said.into()), "{text}");
        }
    }

    #[test]
    fn zero_and_too_long() {
        assert_eq!(parse("0s"), Err("is not longer than zero".into()));
        assert_eq!(parse("0.9ns"), Err("is not longer than zero".into()));
        assert_eq!(parse("18446744073709551615ns"), Ok(u64::MAX));
        assert_eq!(parse("18446744073709551616ns"), Err("is too long".into()));
        assert_eq!(
            parse("99999999999999999999999999999999999999999s"),
            Err("is too long".into())
        );
    }

    #[test]
    fn a_duration_written_in_any_unit_is_read_again() {
        fuzz(2_000, |u| {
            let (unit, nanos) = *u.choose(&UNITS)?;
            let count = u.int_in_range(1..=u64::MAX / nanos)?;
            assert_eq!(parse(&format!("{count}{unit}")), Ok(count * nanos));
            Ok(())
        });
    }
}
