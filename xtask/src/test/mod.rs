//! `cargo xtask test`

mod servers;

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use self::servers::Servers;
use crate::redis_server;
use crate::run::{cargo, run, succeeds};
use crate::topology::Topology;

/// The tests that hold wherever Redis is.
const ON_EVERY_TOPOLOGY: [&str; 8] = [
    "caching",
    "concurrency",
    "eviction",
    "executors",
    "integrity",
    "isolation",
    "limits",
    "outage",
];

const OTHERS: [Topology; 4] = [
    Topology::Tls,
    Topology::Unix,
    Topology::Cluster,
    Topology::Sentinel,
];

/// Off in all other tests, as it is by default.
const METRICS: &str = "cache-tests/metrics";

const LONG: (&str, &str) = ("LRU_ORACLE_CALLS", "1000000");

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Compares a million calls with an LRU list, instead of ten thousand
    #[arg(long)]
    long: bool,
    /// Passed on to the test runner, such as a part of a test's name; documentation tests are left
    /// out then
    #[arg(last = true)]
    args: Vec<OsString>,
}

pub(crate) fn test(args: &Args) -> Result<()> {
    let redis_server = redis_server::find_or_bring()?;
    let prepare = |mut command: Command| {
        with_redis(&mut command, &redis_server);
        if args.long {
            command.env(LONG.0, LONG.1);
        }
        command
    };
    eprintln!("\n# all tests; Redis: standalone");
    run(prepare(runner(&[])).args(&args.args))?;
    for topology in OTHERS {
        eprintln!("\n# tests on every topology; Redis: {}", topology.name());
        test_on(topology, args, prepare)?;
    }
    eprintln!("\n# tests of what is reported; Redis: standalone");
    // Of the failures, only those of a recorder need the feature.
    let mut metrics = prepare(runner(&[]));
    if has_nextest() {
        metrics.args([
            "-E",
            "binary(=metrics) + test(a_recorder_that)",
            "--no-tests=pass",
        ]);
    }
    metrics.args([
        "--test",
        "metrics",
        "--test",
        "faults",
        "--features",
        METRICS,
    ]);
    run(metrics.args(&args.args))?;
    if args.args.is_empty() {
        eprintln!("\n# documentation tests");
        run(&mut prepare(cargo(&["test", "--workspace", "--doc"])))?;
    }
    Ok(())
}

fn test_on(topology: Topology, args: &Args, prepare: impl Fn(Command) -> Command) -> Result<()> {
    let mut command = prepare(runner(&ON_EVERY_TOPOLOGY));
    command.env("CACHE_TEST_TOPOLOGY", topology.name());
    // These take seconds to start: the tests that do not end them share one.
    let servers = match topology {
        Topology::Cluster | Topology::Sentinel => Some(Servers::start(topology, &prepare)?),
        _ => None,
    };
    if let Some(servers) = &servers {
        command.env("CACHE_TEST_REDIS", servers.url());
    }
    run(command.args(&args.args))
}

/// Runs these tests, or where none is named, all.
fn runner(tests: &[&str]) -> Command {
    let has_nextest = has_nextest();
    let mut command = if has_nextest {
        cargo(&["nextest", "run", "--workspace"])
    } else {
        cargo(&["test", "--workspace"])
    };
    if has_nextest && !tests.is_empty() {
        let binaries: Vec<_> = tests
            .iter()
            .map(|test| format!("binary(={test})"))
            .collect();
        // A filter over the tests that are built already: `--test` would build them once more, with other features. A filter
        // of the caller may match none of them.
        command.args(["-E", &binaries.join(" + "), "--no-tests=pass"]);
    } else {
        for test in tests {
            command.args(["--test", test]);
        }
    }
    if !has_nextest && tests.is_empty() {
        command.arg("--all-targets");
    }
    command
}

fn has_nextest() -> bool {
    succeeds(&mut cargo(&["nextest", "--version"]))
}

/// The tests start servers of their own: the user's settings of handlers are not for them.
pub(crate) fn with_redis<'a>(command: &'a mut Command, redis_server: &Path) -> &'a mut Command {
    for (name, _) in env::vars_os() {
        let said = name.to_string_lossy();
        if ["HANDLER_CACHE_", "CACHE_TEST_", "CACHE_WORKER_"]
            .iter()
            .any(|prefix| said.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    command
        .env("REDIS_SERVER", redis_server)
        .env("PATH", path_with(redis_server))
}

fn path_with(redis_server: &Path) -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = redis_server
        .parent()
        .filter(|folder| folder.is_absolute())
        .map(Path::to_path_buf)
        .into_iter()
        .chain(env::split_paths(&path));
    env::join_paths(folders).unwrap_or_else(|_| OsStr::to_os_string(&path))
}
