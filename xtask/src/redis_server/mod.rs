//! A `redis-server` executable: the machine's, or one brought for this repository alone.

mod process;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

pub(crate) use self::process::{RedisServer, ping};
use crate::debian::{self, Wanted};
use crate::paths;
use crate::run::succeeds;

/// The executable and its front are two packages.
const DEBIAN: Wanted = Wanted {
    packages: &["redis-server", "redis-tools"],
    programs: &["redis-server", "redis-cli"],
};

/// Returns the `redis-server` to run: the one that `REDIS_SERVER` names, the one on `PATH`, the one
/// brought before, or a newly brought one.
///
/// # Errors
///
/// When the machine has none and none can be brought; the message names the package to install.
pub(crate) fn find_or_bring() -> Result<PathBuf> {
    if let Some(named) = env::var_os("REDIS_SERVER") {
        let named = PathBuf::from(named);
        ensure!(
            runs(&named),
            "`REDIS_SERVER` names {}, which does not run",
            named.display()
        );
        return Ok(named);
    }
    if let Some(installed) = on_path() {
        return Ok(installed);
    }
    let folder = paths::target()?.join("redis");
    let brought = folder.join("bin/redis-server");
    if !runs(&brought) {
        bring(&folder)?;
        ensure!(runs(&brought), "{} does not run", brought.display());
    }
    Ok(brought)
}

fn on_path() -> Option<PathBuf> {
    let name = format!("redis-server{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(&name))
        .find(|candidate| runs(candidate))
}

fn runs(executable: &Path) -> bool {
    succeeds(Command::new(executable).arg("--version"))
}

fn bring(folder: &Path) -> Result<()> {
    if !debian::has_apt() {
        bail!("there is no `redis-server` on `PATH`: {}", how_to_install());
    }
    eprintln!(
        "there is no `redis-server` on `PATH`: unpacking Debian's package into {}",
        folder.display()
    );
    debian::unpack(DEBIAN, folder)
        .with_context(|| format!("no `redis-server` could be brought: {}", how_to_install()))
}

fn how_to_install() -> &'static str {
    if cfg!(windows) {
        return "install Memurai, or run this in WSL, where `sudo apt-get install redis-server` \
                does it";
    }
    let managers = [
        ("brew", "run `brew install redis`"),
        ("apt-get", "run `sudo apt-get install redis-server`"),
        (
            "dnf",
            "run `sudo dnf install redis` (or `valkey-compat-redis`)",
        ),
        ("pacman", "run `sudo pacman -S redis` (or `valkey`)"),
        ("apk", "run `apk add redis`"),
        ("zypper", "run `sudo zypper install redis`"),
    ];
    managers
        .into_iter()
        .find(|(manager, _)| succeeds(Command::new(manager).arg("--version")))
        .map_or(
            "install Redis, or name the executable in `REDIS_SERVER`",
            |(_, advice)| advice,
        )
}
