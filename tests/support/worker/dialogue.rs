//! A process that is driven line by line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::{HeldStep, to_line};

/// A process that reads lines from the test, and writes lines to it. It ends when there are no more lines to read.
#[derive(Debug)]
pub struct Dialogue {
    child: Child,
    requests: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl Dialogue {
    /// Starts `command`.
    #[must_use]
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().expect("the program can be started");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        Self {
            requests: child.stdin.take(),
            replies: BufReader::new(stdout),
            child,
        }
    }

    /// Writes a line.
    #[track_caller]
    pub fn send(&mut self, line: &str) {
        let requests = self.requests.as_mut().expect("it is open until the end");
        writeln!(requests, "{line}").expect("the process reads");
    }

    /// Reads a line, without its end. Panics where the process has ended.
    #[must_use]
    #[track_caller]
    pub fn receive(&mut self) -> String {
        let mut line = String::new();
        let read = self.replies.read_line(&mut line);
        assert_ne!(read.expect("it writes UTF-8"), 0, "the process has ended");
        line.trim_end().to_owned()
    }

    /// Writes a line, and reads one.
    #[track_caller]
    pub fn ask(&mut self, line: &str) -> String {
        self.send(line);
        self.receive()
    }

    /// [`ask`](Self::ask) of a worker on [`Task::Held`](super::Task::Held).
    #[track_caller]
    pub fn step(&mut self, step: &HeldStep) -> String {
        self.ask(&to_line(step))
    }

    /// Lets the process end, which has to be a success.
    #[track_caller]
    pub fn finish(mut self) {
        self.requests = None;
        let status = self.child.wait().expect("it is a child of the test");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        self.requests = None;
        _ = self.child.wait();
    }
}
