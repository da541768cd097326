//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a folder of the repository")
}

/// The folder that cargo builds into, wherever the user's settings put it.
pub(crate) fn target() -> Result<PathBuf> {
    let executable = env::current_exe().context("where `xtask` itself is")?;
    executable
        .ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .context("`xtask` is not in a target folder")
}
