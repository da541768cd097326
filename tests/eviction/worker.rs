//! A process that calls annotated functions; see `tests/worker.rs`.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use cache_tests_support::TestRedis;

pub(crate) struct Worker(Child);

impl Worker {
    pub(crate) fn start(redis: &TestRedis, args: &[&str]) -> Self {
        Self(command(redis, args).spawn().unwrap())
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    pub(crate) fn finish(mut self) {
        assert!(self.0.wait().unwrap().success());
    }
}

/// A worker that calls when it is told to.
pub(crate) struct TurnTaker {
    child: Child,
    arguments: ChildStdin,
    results: BufReader<ChildStdout>,
}

impl TurnTaker {
    pub(crate) fn start(redis: &TestRedis) -> Self {
        let mut child = command(redis, &["turns"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            arguments: child.stdin.take().unwrap(),
            results: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Has the worker call for `n`, and tells how the call ended, once all of it has reached Redis.
    pub(crate) fn call(&mut self, n: u32) -> String {
        writeln!(self.arguments, "{n}").unwrap();
        let mut line = String::new();
        self.results.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn finish(mut self) {
        drop(self.arguments);
        assert!(self.child.wait().unwrap().success());
    }
}

fn command(redis: &TestRedis, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cache-worker"));
    command.args(args).envs(redis.environment());
    command
}
