//! A process that runs beside the test.

use std::process::{Child, Command, Stdio};

/// A process that is killed where the test fails before it ends.
#[derive(Debug)]
pub struct Running {
    child: Child,
    command: String,
}

impl Running {
    /// Starts `command`; its standard output is lost.
    #[must_use]
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::null()).spawn();
        Self {
            child: child.expect("the program can be started"),
            command: format!("{command:?}"),
        }
    }

    /// Whether the process has not ended yet.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        let status = self.child.try_wait();
        status.expect("it is a child of the test").is_none()
    }

    /// Waits for the process to end, which has to be a success.
    #[track_caller]
    pub fn finish(mut self) {
        let status = self.child.wait().expect("it is a child of the test");
        assert!(status.success(), "{}", self.command);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
