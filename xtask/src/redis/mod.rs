//! `cargo xtask redis`

use std::process::Command;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::run::{cargo, run};
use crate::{paths, redis_server};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to start
    topology: Topology,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Topology {
    /// One server on a port
    Standalone,
    /// One server that takes TLS connections only, with a client certificate
    Tls,
    /// One server on a Unix socket
    Unix,
    /// Three primaries with a replica each
    Cluster,
    /// A primary, two replicas and three sentinels
    Sentinel,
}

impl Topology {
    /// The name that the program takes.
    fn name(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::Tls => "tls",
            Self::Unix => "unix",
            Self::Cluster => "cluster",
            Self::Sentinel => "sentinel",
        }
    }
}

/// Starts the topology with what the tests use, as a program of its own: built in here, it would
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

/// Ctrl-C and signals then reach the program and nobody else.
#[cfg(unix)]
fn replace_by(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;

    Err(command.exec()).context("the built program can't be run")
}

#[cfg(not(unix))]
fn replace_by(command: &mut Command) -> Result<()> {
    run(command).context("the topologies need Unix, such as WSL")
}
