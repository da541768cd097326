//! The command line and the files of a server.

use std::fs;
use std::path::Path;

use crate::process::SOCKET;

/// A server's command line and the files that it reads: the same at every start.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    port: u16,
    config: Option<&'static str>,
    args: Vec<String>,
    files: Vec<(&'static str, String)>,
}

impl Setup {
    /// A server that listens on `port` of `127.0.0.1`, or for 0 on a Unix socket only.
    pub(crate) fn new(port: u16, args: &[&str]) -> Self {
        Self {
            port,
            config: None,
            args: args.iter().map(ToString::to_string).collect(),
            files: Vec::new(),
        }
    }

    /// A file in the server's folder; arguments name it without a path.
    pub(crate) fn file(mut self, name: &'static str, text: &str) -> Self {
        self.files.push((name, text.to_owned()));
        self
    }

    /// A file that the server reads its configuration from, and may write it to.
    pub(crate) fn config(mut self, name: &'static str, text: &str) -> Self {
        self.config = Some(name);
        self.file(name, text)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn push_args(&mut self, args: impl IntoIterator<Item = String>) {
        self.args.extend(args);
    }

    pub(crate) fn write_files(&self, dir: &Path) {
        fs::create_dir_all(dir).expect("the server's folder can be created");
        for (name, text) in &self.files {
            fs::write(dir.join(name), text).expect("the server's folder can be written to");
        }
    }

    /// The server enters `dir` as soon as it reads `--dir`: names in later arguments are relative.
    pub(crate) fn command_line(&self, dir: &Path) -> Vec<String> {
        let config = self.config.map(|name| dir.join(name).display().to_string());
        let port = self.port.to_string();
        let dir = dir.display().to_string();
        let common = [
            ["--dir", &dir],
            ["--unixsocket", SOCKET],
            ["--port", &port],
            ["--bind", "127.0.0.1"],
            ["--save", ""],
            ["--appendonly", "no"],
        ];
        config
            .into_iter()
            .chain(common.into_iter().flatten().map(str::to_owned))
            .chain(self.args.iter().cloned())
            .collect()
    }
}
