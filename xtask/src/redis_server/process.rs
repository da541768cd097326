//! A `redis-server` of the demonstration's own.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::child::own_process_group;

const START_DEADLINE: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Another process can take a free port before the server does.
const ATTEMPTS: usize = 5;

const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// A running server without persistence. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct RedisServer {
    child: Child,
    url: String,
}

impl RedisServer {
    /// Starts `executable` on a free loopback port, its working directory and log in `folder`, and
    /// waits until it answers.
    pub(crate) fn start(executable: &Path, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let log = folder.join("redis-server.log");
        for _ in 0..ATTEMPTS {
            let mut server = Self::spawn(executable, folder, &log)?;
            if server.answers_in_time()? {
                return Ok(server);
            }
        }
        bail!("`redis-server` does not start, see {}", log.display())
    }

    fn spawn(executable: &Path, folder: &Path, log: &Path) -> Result<Self> {
        let port = free_port()?;
        let log = File::create(log)?;
        let mut command = Command::new(executable);
        command
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        // It must outlive the handlers, which store their pending values when Ctrl-C ends them.
        own_process_group(&mut command);
        Ok(Self {
            child: command
                .spawn()
                .with_context(|| format!("{} can't be run", executable.display()))?,
            url: format!("redis://127.0.0.1:{port}"),
        })
    }

    fn answers_in_time(&mut self) -> Result<bool> {
        let end = Instant::now() + START_DEADLINE;
        while self.child.try_wait()?.is_none() && Instant::now() < end {
            if ping(&self.url).is_ok() {
                return Ok(self.child.try_wait()?.is_none());
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(false)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks the server at `url` for a sign of life.
///
/// # Errors
///
/// When the URL is wrong, or the server does not answer within a second, or refuses.
pub(crate) fn ping(url: &str) -> Result<()> {
    let client = redis::Client::open(url)?;
    let mut connection = client.get_connection_with_timeout(PING_TIMEOUT)?;
    connection.set_read_timeout(Some(PING_TIMEOUT))?;
    redis::cmd("PING").exec(&mut connection)?;
    Ok(())
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}
