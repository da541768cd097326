//! `cargo xtask fmt`

use anyhow::Result;

use crate::run::{cargo, run};

pub(crate) fn fmt() -> Result<()> {
    run(&mut cargo(&["fmt", "--all"]))?;
    run(&mut cargo(&[
        "fmt",
        "--manifest-path",
        "benches/Cargo.toml",
    ]))
}
