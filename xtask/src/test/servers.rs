//! Redis servers that all tests of a run share.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::child::interrupt;
use crate::paths;
use crate::topology::Topology;

/// The last line of the program.
const LAST_LINE: &str = "Ctrl-C ends it";

/// They end when this is dropped, and at Ctrl-C as everything else.
#[derive(Debug)]
pub(super) struct Servers {
    child: Child,
    url: String,
}

impl Servers {
    /// Starts the servers, without replicas, and waits until they serve. Their program has been built with the tests.
    pub(super) fn start(topology: Topology, prepare: impl Fn(Command) -> Command) -> Result<Self> {
        let program = paths::target()?.join("debug").join("cache-redis");
        let mut command = prepare(Command::new(program));
        command
            .args([topology.name(), "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut servers = Self {
            child: command.spawn().context("the servers can't be started")?,
            url: String::new(),
        };
        let stdout = servers.child.stdout.take();
        let said: Vec<_> = BufReader::new(stdout.context("its output is a pipe")?)
            .lines()
            .map_while(Result::ok)
            .take_while(|line| line != LAST_LINE)
            .collect();
        servers.url = said
            .iter()
            .find_map(|line| find_url(line))
            .context("the servers ended at their start")?;
        Ok(servers)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        interrupt(&mut self.child);
    }
}

fn find_url(line: &str) -> Option<String> {
    let url = line.strip_prefix("HANDLER_CACHE_URL='")?;
    Some(url.strip_suffix('\'')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_found_in_what_the_program_prints() {
        let url = find_url("HANDLER_CACHE_URL='redis://a:1,redis://b:2'");
        assert_eq!(url.as_deref(), Some("redis://a:1,redis://b:2"));
        assert_eq!(find_url("3 primaries, 0 replicas:"), None);
    }
}
