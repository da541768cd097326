//! Processes that hold a call under way for as long as the test wants.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use cache_tests_support::RedisServer;

/// A worker that does what it is told and says how that ended.
pub(crate) struct Worker {
    process: Child,
    told: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
    /// Calls that could not ask Redis in time.
    pub(crate) late: u32,
}

pub(crate) fn command(server: &RedisServer, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cache-worker"));
    command
        .args(args)
        .env("HANDLER_CACHE_URL", server.url())
        .env("HANDLER_CACHE_TIMEOUT", "10s");
    command
}

impl Worker {
    /// One that has called already.
    pub(crate) fn start(server: &RedisServer) -> Self {
        let mut worker = Self::start_new(server);
        worker.tell("open");
        worker
    }

    /// One that has called nothing yet.
    pub(crate) fn start_new(server: &RedisServer) -> Self {
        Self::spawn(command(server, &["held"]))
    }

    /// One whose look-ups are never answered in time.
    pub(crate) fn start_hasty(server: &RedisServer) -> Self {
        let mut command = command(server, &["held"]);
        command.env("HANDLER_CACHE_TIMEOUT", "1ns");
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = process.stdin.take();
        let said = BufReader::new(process.stdout.take().unwrap());
        Self {
            process,
            told,
            said,
            late: 0,
        }
    }

    #[track_caller]
    pub(crate) fn tell(&mut self, line: &str) -> String {
        writeln!(self.told.as_ref().unwrap(), "{line}").unwrap();
        let mut said = String::new();
        self.said.read_line(&mut said).unwrap();
        self.late += u32::from(said.contains("error_open"));
        said.trim().to_owned()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.told = None;
        _ = self.process.wait();
    }
}
