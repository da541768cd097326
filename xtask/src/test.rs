//! `cargo xtask test`

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::redis_server;
use crate::run::{cargo, run, succeeds};

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Passed on to the test runner, such as a part of a test's name; documentation tests are left
    /// out then
    #[arg(last = true)]
    args: Vec<OsString>,
}

pub(crate) fn test(args: &Args) -> Result<()> {
    let redis_server = redis_server::find_or_bring()?;
    run(with_redis(&mut runner(), &redis_server).args(&args.args))?;
    if args.args.is_empty() {
        let mut documentation = cargo(&["test", "--workspace", "--doc"]);
        run(with_redis(&mut documentation, &redis_server))?;
    }
    Ok(())
}

fn runner() -> Command {
    if succeeds(&mut cargo(&["nextest", "--version"])) {
        cargo(&["nextest", "run", "--workspace"])
    } else {
        cargo(&["test", "--workspace", "--all-targets"])
    }
}

/// The tests start servers of their own: what the user has set for handlers is not meant for them.
pub(crate) fn with_redis<'a>(command: &'a mut Command, redis_server: &Path) -> &'a mut Command {
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("HANDLER_CACHE_") {
            command.env_remove(name);
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
