//! `cargo xtask train`

use std::ffi::OsString;

use anyhow::Result;

use crate::run::{cargo, run};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Passed on to the training program; `-- --help` lists its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

pub(crate) fn train(args: &Args) -> Result<()> {
    run(cargo(&[
        "run",
        "--release",
        "--package",
        "mnist",
        "--bin",
        "train",
        "--",
    ])
    .args(&args.args))
}
