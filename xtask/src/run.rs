//! Running other programs.

use std::env;
use std::fmt::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::paths;

/// A cargo command at the root of the repository.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(args).current_dir(paths::root());
    // Cargo's variables for this program are not passed on to the builds: build scripts that
    // read them would run again each time that cargo is called the other way.
    for (name, _) in env::vars_os() {
        let said = name.to_string_lossy();
        if said.starts_with("CARGO_PKG_") || said.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Prints the command line, runs it, and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = command_line(command);
    eprintln!("$ {line}");
    let status = command
        .status()
        .with_context(|| format!("`{line}` can't be run"))?;
    ensure!(status.success(), "`{line}` failed: {status}");
    Ok(())
}

/// Runs a command without showing it, and returns its output.
///
/// # Errors
///
/// When it can't be run or fails; the message holds its standard error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = command_line(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{line}` can't be run"))?;
    ensure!(
        output.status.success(),
        "`{line}` failed: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Tells whether a command can be run and succeeds, without showing it.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    output(command).is_ok()
}

fn command_line(command: &Command) -> String {
    let mut line = String::new();
    for (name, value) in command.get_envs() {
        if name != "PATH"
            && let Some(value) = value
        {
            let _ = write!(line, "{}={} ", name.display(), value.display());
        }
    }
    line.push_str(&program_name(command));
    for arg in command.get_args() {
        let _ = write!(line, " {}", arg.display());
    }
    line
}

/// `cargo`, not the path that rustup gave it.
fn program_name(command: &Command) -> String {
    let path = std::path::Path::new(command.get_program());
    path.file_stem().unwrap_or_default().display().to_string()
}
