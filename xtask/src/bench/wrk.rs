//! `wrk`, which sends HTTP requests: the machine's, or Debian's brought for this repository alone.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::debian::{self, Wanted};
use crate::paths;

const PROGRAM: &str = "wrk";

const DEBIAN: Wanted = Wanted {
    packages: &[PROGRAM],
    programs: &[PROGRAM],
};

/// Returns the `wrk` to run.
///
/// # Errors
///
/// When the machine has none and none can be brought.
pub(super) fn find_or_bring() -> Result<PathBuf> {
    if let Some(installed) = on_path() {
        return Ok(installed);
    }
    let folder = paths::target()?.join(PROGRAM);
    let brought = folder.join("bin").join(PROGRAM);
    if !brought.exists() {
        ensure!(
            debian::has_apt(),
            "there is no `wrk` on `PATH`, and no Debian to bring it from"
        );
        debian::unpack(DEBIAN, &folder)?;
    }
    Ok(brought)
}

fn on_path() -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(PROGRAM))
        .find(|candidate| candidate.is_file())
}
