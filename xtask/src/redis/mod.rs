//! `cargo xtask redis`

use std::process::Command;

use anyhow::{Context, Result};

use crate::run::{cargo, run};
use crate::topology::Topology;
use crate::{paths, redis_server};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The topology to start
    topology: Topology,
}

/// Starts the topology with the helpers of the tests, as a program of its own: built in here, it would
/// slow down the build of every other command.
pub(crate) fn redis(args: &Args) -> Result<()> {
    let redis_server = redis_server::find_or_bring()?;
    run(&mut cargo(&[
        "build",
        "--package",
        "cache-tests",
        "--bin",
        "cache-redis",
    ]))?;
    let program = paths::target()?.join("debug").join("cache-redis");
    let mut command = Command::new(program);
    command
        .arg(args.topology.name())
        .env("REDIS_SERVER", redis_server);
    replace_by(&mut command)
}

/// Ctrl-C and signals then reach the program alone.
#[cfg(unix)]
fn replace_by(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;

    Err(command.exec()).context("the built program can't be run")
}

#[cfg(not(unix))]
fn replace_by(command: &mut Command) -> Result<()> {
    run(command).context("the topologies need Unix, such as WSL")
}
