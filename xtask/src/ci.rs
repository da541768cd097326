//! `cargo xtask ci`

use std::time::Instant;

use anyhow::{Context, Result};

use crate::run::{cargo, run};
use crate::{rooms, test};

type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 5] = [
    ("format", format),
    ("rooms", rooms::check),
    ("lints", lints),
    ("tests", tests),
    ("documentation", documentation),
];

/// Runs the steps up to the first that fails.
pub(crate) fn ci() -> Result<()> {
    let mut passed = Vec::new();
    for (name, step) in STEPS {
        eprintln!("\n# {name}");
        let start = Instant::now();
        step().with_context(|| format!("`cargo xtask ci` stopped at: {name}"))?;
        passed.push(format!("{name} ({} s)", start.elapsed().as_secs()));
    }
    eprintln!("\npassed: {}", passed.join(", "));
    Ok(())
}

fn format() -> Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    // A workspace of its own.
    run(&mut cargo(&[
        "fmt",
        "--manifest-path",
        "benches/Cargo.toml",
        "--check",
    ]))
}

fn lints() -> Result<()> {
    clippy(&["--workspace"])?;
    clippy(&[
        "--package",
        "redis-cache-runtime",
        "--package",
        "cache-tests",
        "--features",
        "cache-tests/metrics",
    ])
}

fn clippy(args: &[&str]) -> Result<()> {
    let mut clippy = cargo(&["clippy", "--all-targets"]);
    run(clippy.args(args).args(["--", "--deny", "warnings"]))
}

fn tests() -> Result<()> {
    test::test(&test::Args::default())
}

fn documentation() -> Result<()> {
    run(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings"))
}
