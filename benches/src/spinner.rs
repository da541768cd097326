//! Keeps the cores awake: a virtual core that halts between two wake-ups answers several times later.

use std::env;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, Result};

/// The subcommand that spins.
pub(crate) const COMMAND: &str = "spin";

/// One process of the lowest priority on each core, until this is dropped.
#[derive(Debug)]
pub(crate) struct Spinners(Vec<Child>);

impl Spinners {
    pub(crate) fn start() -> Result<Self> {
        let this = env::current_exe()?;
        let cores = thread::available_parallelism()?.get();
        let mut spinners = Self(Vec::new());
        for _ in 0..cores {
            let child = lowest_priority()
                .arg(&this)
                .arg(COMMAND)
                .stdin(Stdio::piped())
                .spawn()
                .context("`nice` can't be run")?;
            spinners.0.push(child);
        }
        Ok(spinners)
    }
}

impl Drop for Spinners {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The scheduler takes a core that runs only idle-class processes for a free one, and places what wakes up there; a core
/// that runs what is merely nice is taken for busy.
fn lowest_priority() -> Command {
    let idle_class = Command::new("chrt")
        .args(["--idle", "0", "true"])
        .status()
        .is_ok_and(|status| status.success());
    let mut command = Command::new(if idle_class { "chrt" } else { "nice" });
    if idle_class {
        command.args(["--idle", "0", "nice"]);
    }
    command.args(["-n", "19"]);
    command
}

/// Spins until the process that asked for it has ended, which closes the pipe.
pub(crate) fn spin() {
    let lifeline = thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
    });
    while !lifeline.is_finished() {
        for _ in 0..10_000 {
            std::hint::spin_loop();
        }
    }
}
