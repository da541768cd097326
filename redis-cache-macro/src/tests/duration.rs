use crate::duration::parse;

#[test]
fn every_unit() {
    let cases = [
        ("1ns", 1),
        ("2us", 2_000),
        ("50ms", 50_000_000),
        ("3s", 3_000_000_000),
        ("10m", 600_000_000_000),
        ("1h", 3_600_000_000_000),
        ("2d", 172_800_000_000_000),
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
    ];
    for (text, nanos) in cases {
        assert_eq!(parse(text), Ok(nanos), "{text}");
    }
}

#[test]
fn what_is_no_duration() {
    for text in [
        "", "50", "ms", ".5s", "1.s", "1.2.3s", "-1s", "+1s", "1 s", "1e3s", "٣s", "sms",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn zero_and_too_long() {
    assert_eq!(parse("0s"), Err("is not longer than zero"));
    assert_eq!(parse("0.9ns"), Err("is not longer than zero"));
    assert_eq!(parse("18446744073709551615ns"), Ok(u64::MAX));
    assert_eq!(parse("18446744073709551616ns"), Err("is too long"));
    assert_eq!(
        parse("99999999999999999999999999999999999999999s"),
        Err("is too long")
    );
}
