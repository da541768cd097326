//! Durations as a person writes them in the environment.

use std::time::Duration;

/// Reads `50ms`, `1.5s`, `10m`; the attribute's own strings are read by the macro.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let seconds = match text[unit..].trim() {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    let number: f64 = text[..unit].parse().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse("50ms"), Some(Duration::from_millis(50)));
        assert_eq!(parse(" 1.5 s "), Some(Duration::from_millis(1500)));
        assert_eq!(parse("10m"), Some(Duration::from_secs(600)));
        assert_eq!(parse("1.5d"), Some(Duration::from_secs(36 * 3600)));
        assert_eq!(parse("2d"), Some(Duration::from_secs(172_800)));
        for wrong in ["", "50", "ms", "-1s", "1w", "1.2.3s", "1e3s"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
