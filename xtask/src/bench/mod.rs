//! `cargo xtask bench`

mod wrk;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::paths;
use crate::redis_server::{self, RedisServer};
use crate::run::{cargo, run};

/// The package stands in a workspace of its own, so that no other build compiles the peers.
const PACKAGE: &str = "benches";
const PROGRAM: &str = "redis-cache-benches";

/// The program's name for what it measures over HTTP.
const HTTP: &str = "http";

/// Has one database asked through the client library's connection, which the connection of our own is measured against.
const LIBRARY_CONNECTION: &str = "--cfg redis_cache_library_connection";

/// Where one of the peers looks for its server.
const KASH_URL: &str = "KASH_REDIS_CONNECTION_STRING";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A minute that proves that everything works; the report goes to the target folder
    #[arg(long)]
    quick: bool,
    /// So many rounds instead; the report goes to the target folder
    #[arg(long, value_name = "COUNT")]
    rounds: Option<usize>,
    /// Only the measures whose name contains this; the report goes to the target folder
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

/// Measures this cache, its baselines and its peers on a Redis server of their own, and writes a report with plots.
pub(crate) fn bench(args: &Args) -> Result<()> {
    // The program ends at Ctrl-C; this one stays until it has ended the server, which may be stopped at that moment.
    ctrlc::set_handler(|| {}).context("Ctrl-C can't be noticed")?;
    let executable = redis_server::find_or_bring()?;
    let wrk = wants_http(args).then(wrk::find_or_bring);
    build()?;
    let folder = paths::target()?.join("bench");
    let server = RedisServer::start(&executable, &folder.join("redis"))?;
    let out = report_folder(args, &folder);
    let mut program = program(args, &server, &out)?;
    match wrk {
        Some(Ok(wrk)) => {
            program.arg("--wrk").arg(wrk).arg("--mnist").arg(mnist()?);
        }
        Some(Err(error)) => eprintln!("HTTP is not measured: {error:#}"),
        None => {}
    }
    run(&mut program)?;
    eprintln!("\n{}", out.join("REPORT.md").display());
    Ok(())
}

fn build() -> Result<()> {
    let manifest = paths::root().join(PACKAGE).join("Cargo.toml");
    let flags = env::var("RUSTFLAGS").unwrap_or_default();
    let flags = format!("{flags} {LIBRARY_CONNECTION}");
    run(cargo(&["build", "--release", "--manifest-path"])
        .arg(manifest)
        .env("RUSTFLAGS", flags.trim_start())
        .env("CARGO_TARGET_DIR", paths::target()?))
}

/// The MNIST server, built.
fn mnist() -> Result<PathBuf> {
    run(&mut cargo(&[
        "build",
        "--release",
        "--package",
        "mnist",
        "--bin",
        "mnist",
    ]))?;
    Ok(paths::target()?.join("release").join("mnist"))
}

/// Whether the measure is among those that are meant: building its server takes long.
fn wants_http(args: &Args) -> bool {
    args.only.as_deref().is_none_or(|only| HTTP.contains(only))
}

/// Only a full run is worth keeping.
fn report_folder(args: &Args, folder: &Path) -> PathBuf {
    if args.quick || args.rounds.is_some() || args.only.is_some() {
        folder.to_path_buf()
    } else {
        paths::root().join(PACKAGE)
    }
}

fn program(args: &Args, server: &RedisServer, out: &Path) -> Result<Command> {
    let mut command = Command::new(paths::target()?.join("release").join(PROGRAM));
    command
        .args(["--redis-url", server.url(), "run", "--redis-process"])
        .arg(server.process().to_string())
        .arg("--out")
        .arg(out)
        .env(KASH_URL, server.url());
    for name in [
        "HANDLER_CACHE_URL",
        "HANDLER_CACHE_TIMEOUT",
        "HANDLER_CACHE_SECRET",
    ] {
        command.env_remove(name);
    }
    if args.quick {
        command.arg("--quick");
    }
    if let Some(rounds) = args.rounds {
        command.arg("--rounds").arg(rounds.to_string());
    }
    if let Some(only) = &args.only {
        command.arg("--only").arg(only);
    }
    Ok(command)
}
