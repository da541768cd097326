//! Processes that call annotated methods.

mod dialogue;
mod running;
mod task;

use std::env;
use std::process::{Command, Output};

use serde::{Serialize, de::DeserializeOwned};

pub use self::dialogue::Dialogue;
pub use self::running::Running;
pub use self::task::{
    Churn, Exhausted, HeldStep, Manner, Midway, Namesake, Reporter, Task, Thread,
};

/// Returns the [`Command`] that starts a worker on a [`Task`].
///
/// A macro, because Cargo tells only a test binary where the worker is.
#[macro_export]
macro_rules! worker {
    ($task:expr) => {
        $task.command(env!("CARGO_BIN_EXE_cache-worker"))
    };
}

impl Task {
    /// Returns the command that has `program`, the worker, do this.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg(to_line(self));
        command
    }

    /// Reads the task of this process, the worker.
    #[must_use]
    pub fn of_this_process() -> Self {
        from_line(&env::args().nth(1).expect("a task is the only argument"))
    }
}

impl HeldStep {
    /// Reads a line that [`Dialogue::step`] has written.
    #[must_use]
    pub fn of_line(line: &str) -> Self {
        from_line(line)
    }
}

fn to_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it has no types that JSON has not")
}

fn from_line<T: DeserializeOwned>(line: &str) -> T {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// Runs `command` to its end, which has to be a success.
#[track_caller]
pub fn output_of(command: &mut Command) -> Output {
    let output = command.output().expect("the program can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output
}

/// Returns the standard output of `command`, which has to succeed.
#[must_use]
#[track_caller]
pub fn stdout_of(command: &mut Command) -> String {
    String::from_utf8(output_of(command).stdout).expect("workers print UTF-8")
}

/// Returns the name of a cache of this process, the worker: [`TestRedis`](crate::TestRedis) gives tests that share a Redis
/// a prefix each.
#[must_use]
pub fn worker_cache(name: &str) -> String {
    let prefix = env::var("CACHE_WORKER_PREFIX").unwrap_or_default();
    format!("{prefix}{name}")
}
