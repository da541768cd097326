//! The `mnist` program as a child process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

use reqwest::blocking::{Client, Response};
use rustix::process::{Pid, Signal, kill_process};

/// An endpoint at which nothing listens.
pub(crate) const NO_REDIS: &str = "redis://127.0.0.1:1";

/// A running server on a free port; it ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// Kept open, so that the server can write.
    _stdout: BufReader<ChildStdout>,
    address: String,
    client: Client,
}

/// The command line of a server that listens on a free port.
pub(crate) fn command(redis: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mnist"));
    command
        .args(["--listen", "127.0.0.1:0"])
        .args(args)
        .env("HANDLER_CACHE_URL", redis)
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

impl Server {
    /// Starts a server whose cache is in the given Redis, and waits until it listens.
    pub(crate) fn start(redis: &str, args: &[&str]) -> Self {
        Self::spawn(&mut command(redis, args))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self {
            child,
            _stdout: stdout,
            address,
            client: Client::new(),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Sends `body` as `curl -T` does.
    pub(crate) fn predict(&self, body: impl Into<Vec<u8>>) -> Response {
        let url = self.url("/predictions/mnist");
        self.client.put(url).body(body.into()).send().unwrap()
    }

    /// What the server logs; piped with `command(…).stderr(Stdio::piped())`.
    pub(crate) fn stderr(&mut self) -> BufReader<ChildStderr> {
        BufReader::new(self.child.stderr.take().unwrap())
    }

    /// Asks the server to end, as Ctrl-C does, and waits until it has.
    pub(crate) fn interrupt(&mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// One of the images that come with the package.
pub(crate) fn image(digit: u8) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/images");
    std::fs::read(format!("{folder}/{digit}.png")).unwrap()
}
