//! The Redis server of this run.

use std::collections::HashMap;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

static SERVER: OnceLock<Server> = OnceLock::new();

/// As `conn/per_runtime.rs` has it.
const LIBRARY_DATABASE: u8 = 15;

/// Where the server is, and which process it is.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    process: i32,
}

/// Says once which server this run has to itself.
pub(crate) fn set(url: String, process: i32) {
    SERVER.get_or_init(|| Server { url, process });
}

/// The server of this run.
pub(crate) fn get() -> &'static Server {
    SERVER.get().expect("`main` has said which")
}

/// The URL of the database that `#[handler_cache]` asks through the client library, in this build.
pub(crate) fn library_url() -> String {
    get().database(LIBRARY_DATABASE)
}

/// Its URL.
pub(crate) fn url() -> &'static str {
    &get().url
}

impl Server {
    /// The URL of another database.
    pub(crate) fn database(&self, db: u8) -> String {
        format!("{}/{db}", self.url)
    }

    pub(crate) fn connection(&self) -> Result<redis::Connection> {
        Ok(redis::Client::open(self.url.as_str())?.get_connection()?)
    }

    /// Forgets everything. What handlers know of it, such as scripts, stays.
    pub(crate) fn clear(&self) -> Result<()> {
        redis::cmd("FLUSHALL").exec(&mut self.connection()?)?;
        Ok(())
    }

    /// Bytes that it has allocated.
    pub(crate) fn used_memory(&self) -> Result<u64> {
        let info = self.info("memory")?;
        let used = info
            .get("used_memory")
            .context("INFO has no `used_memory`")?;
        Ok(used.trim().parse()?)
    }

    pub(crate) fn version(&self) -> Result<String> {
        let info = self.info("server")?;
        let version = info.get("redis_version").context("INFO names a version")?;
        Ok(version.clone())
    }

    /// Keys in all databases.
    pub(crate) fn keys(&self) -> Result<u64> {
        let info = self.info("keyspace")?;
        let counts = info.values().filter_map(|database| {
            let count = database.strip_prefix("keys=")?.split(',').next()?;
            count.parse::<u64>().ok()
        });
        Ok(counts.sum())
    }

    /// Stops the server's process until the guard is dropped.
    pub(crate) fn hang(&self) -> Result<Hung> {
        let info = self.info("server")?;
        let told = info.get("process_id").map(|id| id.trim());
        ensure!(
            told == Some(self.process.to_string().as_str()),
            "`--redis-process` is not the server's"
        );
        let process = Pid::from_raw(self.process).context("a process id")?;
        kill_process(process, Signal::STOP)?;
        Ok(Hung(process))
    }

    fn info(&self, section: &str) -> Result<HashMap<String, String>> {
        let text: String = redis::cmd("INFO")
            .arg(section)
            .query(&mut self.connection()?)?;
        Ok(text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }
}

/// A server that accepts connections and answers nothing.
#[derive(Debug)]
pub(crate) struct Hung(Pid);

impl Drop for Hung {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::CONT);
    }
}
