//! Clippy says nothing about annotated code that it does not say about the same code without the
//! attribute.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{collections::BTreeSet, env, process::Command};

/// The groups that a careful project turns on, beyond the default.
const GROUPS: [&str; 2] = ["-Wclippy::pedantic", "-Wclippy::nursery"];

#[test]
fn the_attribute_adds_no_warning() {
    let annotated = warnings(&[]);
    let control = warnings(&["--cfg", "control"]);
    let added: Vec<_> = annotated.difference(&control).collect();
    assert!(
        added.is_empty(),
        "only with the attribute:\n{}",
        listing(&added)
    );

    let hidden = [
        "unused variable",
        "unreachable statement",
        "does not need to be mutable",
        "is never read",
    ];
    for hidden in hidden {
        let count = |all: &BTreeSet<String>| all.iter().filter(|w| w.contains(hidden)).count();
        assert_eq!(
            count(&annotated),
            count(&control),
            "`{hidden}` is reported all the same"
        );
        assert!(count(&control) > 0, "`{hidden}` is in the fixture");
    }
}

/// Clippy's warnings about the fixture, a line each.
fn warnings(arguments: &[&str]) -> BTreeSet<String> {
    let mut command = Command::new(env!("CARGO"));
    // With the runner's variables of this package, the build scripts of others would run again, here and after this.
    for (name, _) in env::vars_os() {
        let said = name.to_string_lossy();
        if said.starts_with("CARGO_PKG_") || said.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    let output = command
        .args(["clippy", "--quiet", "--message-format", "short"])
        .args([
            "--package",
            "cache-tests",
            "--features",
            "lint",
            "--example",
            "lint",
            "--",
        ])
        .args(GROUPS)
        .args(["--check-cfg", "cfg(control)"])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success(),
        "clippy is needed, and the fixture has to compile:\n{said}"
    );
    let lines = said.lines().filter(|line| line.contains("handlers.rs:"));
    lines.map(str::to_owned).collect()
}

fn listing(lines: &[&String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| line.as_str()).collect();
    lines.join("\n")
}
