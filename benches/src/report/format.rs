//! Numbers as people read them.

use crate::stats::Spread;

/// Three significant digits, or all that stand before the point.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    if size >= 100.0 || value == 0.0 {
        grouped(value)
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 0.1 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}

/// A mark on an axis: whole numbers as such.
pub(super) fn mark(value: f64) -> String {
    if value.fract() == 0.0 {
        grouped(value)
    } else {
        number(value)
    }
}

/// `1.08 (1.04–1.19)`
pub(super) fn ratio(ratios: &[f64]) -> String {
    if ratios.is_empty() {
        return "–".to_owned();
    }
    let spread = Spread::of(ratios);
    format!(
        "**{}** ({}–{})",
        number(spread.median),
        number(spread.lower),
        number(spread.upper)
    )
}

/// Digits in groups of three.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digit.is_ascii_digit() && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What each round gave in relation to the same round of the reference.
pub(super) fn ratios(rounds: &[f64], reference: &[f64]) -> Vec<f64> {
    rounds
        .iter()
        .zip(reference)
        .map(|(value, reference)| value / reference)
        .filter(|ratio| ratio.is_finite())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(1_234_567.0), "1,234,567");
        assert_eq!(number(123.4), "123");
        assert_eq!(number(12.34), "12.3");
        assert_eq!(number(1.234), "1.23");
        assert_eq!(number(0.012), "0.0120");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(f64::NAN), "–");
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        assert_eq!(ratios(&[2.0, 9.0], &[1.0, 3.0]), [2.0, 3.0]);
        assert_eq!(ratio(&[5.0, 2.0, 3.0, 4.0, 1.0]), "**3.00** (2.00–4.00)");
    }
}
