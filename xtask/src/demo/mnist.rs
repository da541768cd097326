//! The MNIST server as a child process.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::child::{interrupt, own_process_group};
use crate::paths;
use crate::run::{cargo, run};

const DEFAULT: &str = "127.0.0.1:8080";
const ANY_PORT: &str = "127.0.0.1:0";

/// A running server. It ends when this is dropped, after it has stored its pending values.
#[derive(Debug)]
pub(crate) struct MnistServer {
    child: Child,
    address: SocketAddr,
}

pub(crate) fn build() -> Result<()> {
    run(&mut cargo(&[
        "build",
        "--release",
        "--package",
        "mnist",
        "--bin",
        "mnist",
    ]))
}

/// Where to listen: where the user says, or the default unless it is taken.
pub(crate) fn address(wanted: Option<SocketAddr>) -> String {
    if let Some(wanted) = wanted {
        return wanted.to_string();
    }
    if TcpListener::bind(DEFAULT).is_ok() {
        return DEFAULT.to_owned();
    }
    eprintln!("{DEFAULT} is taken: listening on a free port");
    ANY_PORT.to_owned()
}

impl MnistServer {
    /// Starts the server and waits until it has said where it listens.
    pub(crate) fn start(listen: &str, redis_url: &str) -> Result<Self> {
        let name = format!("mnist{}", env::consts::EXE_SUFFIX);
        let mut command = Command::new(paths::target()?.join("release").join(name));
        command
            .args(["--listen", listen])
            .env("HANDLER_CACHE_URL", redis_url)
            .current_dir(paths::root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        own_process_group(&mut command);
        let mut child = command.spawn().context("the MNIST server can't be run")?;
        let stdout = child.stdout.take().context("its output is a pipe")?;
        match read_address(stdout) {
            Ok(address) => Ok(Self { child, address }),
            Err(error) => {
                interrupt(&mut child);
                Err(error)
            }
        }
    }

    /// The URL that takes images.
    pub(crate) fn predictions_url(&self) -> String {
        format!("http://{}/predictions/mnist", self.address)
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for MnistServer {
    fn drop(&mut self) {
        interrupt(&mut self.child);
    }
}

/// Passes on the server's output, for ever, and returns the address that it prints at its start.
fn read_address(stdout: ChildStdout) -> Result<SocketAddr> {
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    for line in &mut lines {
        println!("{line}");
        if let Some(address) = find_address(&line) {
            thread::spawn(move || lines.for_each(|line| println!("{line}")));
            return Ok(address);
        }
    }
    bail!("the MNIST server ended at its start")
}

fn find_address(line: &str) -> Option<SocketAddr> {
    line.split_whitespace()
        .map(|word| word.trim_start_matches("http://").trim_end_matches('/'))
        .find_map(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_what_the_server_prints() {
        let address = Some(([127, 0, 0, 1], 8080).into());
        assert_eq!(find_address("listening on http://127.0.0.1:8080"), address);
        assert_eq!(find_address("127.0.0.1:8080/ it is"), address);
        assert_eq!(find_address("loading weights"), None);
    }
}
