//! The table of failures names tests that exist, and leaves no failure out.

use std::{collections::BTreeSet, fs, path::Path};

const FAILURES: &str = include_str!("../FAILURES.md");

/// The file and the name of each test in the table: in a row, names follow the file that they are of.
fn named() -> BTreeSet<(&'static str, &'static str)> {
    let mut tests = BTreeSet::new();
    for row in FAILURES.lines().filter(|line| line.starts_with('|')) {
        let mut file = None;
        for quoted in row.split('`').skip(1).step_by(2) {
            if quoted.strip_suffix(".rs").is_some() {
                file = Some(quoted);
            } else if let Some(file) = file.filter(|_| is_name(quoted)) {
                tests.insert((file, quoted));
            }
        }
    }
    tests
}

/// A command or a setting may stand between backquotes as well.
fn is_name(quoted: &str) -> bool {
    let is_part = |char: char| char.is_ascii_lowercase() || char == '_';
    quoted.contains('_') && quoted.chars().all(is_part)
}

fn has_test(source: &str, name: &str) -> bool {
    let lines = source.lines().zip(source.lines().skip(1));
    let head = format!("fn {name}()");
    lines.into_iter().any(|(before, line)| {
        let is_test = before.starts_with("#[test]") || before.starts_with("#[tokio::test");
        is_test && line.trim_start_matches("async ").starts_with(&head)
    })
}

#[test]
fn the_tests_in_the_table_are_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = named();
    assert!(tests.len() > 80, "{} tests are named", tests.len());
    for (file, name) in tests {
        let source = fs::read_to_string(folder.join(file));
        let source = source.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(has_test(&source, name), "{file}: no test `{name}`");
    }
}

#[test]
fn no_number_is_left_out() {
    let number = |line: &'static str| line.strip_prefix("| ")?.split(' ').next()?.parse().ok();
    let rows: BTreeSet<u32> = FAILURES.lines().filter_map(number).collect();
    let last = rows.last().copied().unwrap_or_default();
    assert!(last >= 56, "the table ends at {last}");
    assert_eq!(rows, (1..=last).collect());
}
