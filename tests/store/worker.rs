//! Processes that hold a call under way for as long as the test wants.

use std::process::Command;

use cache_tests_support::{Dialogue, HeldStep, RedisServer, Task, worker};

/// A worker that takes a step at a time, and says how the step ended.
pub(crate) struct Worker {
    dialogue: Dialogue,
    /// Calls that could not ask Redis in time.
    pub(crate) late: u32,
}

pub(crate) fn command(server: &RedisServer, task: &Task) -> Command {
    let mut command = worker!(task);
    command
        .env("HANDLER_CACHE_URL", server.url())
        .env("HANDLER_CACHE_TIMEOUT", "10s");
    command
}

impl Worker {
    /// A worker that has called already.
    pub(crate) fn start(server: &RedisServer) -> Self {
        let mut worker = Self::start_new(server);
        worker.take(&HeldStep::Open);
        worker
    }

    /// A worker that has called nothing yet.
    pub(crate) fn start_new(server: &RedisServer) -> Self {
        Self::of(&mut command(server, &Task::Held))
    }

    /// A worker whose look-ups are never answered in time.
    pub(crate) fn start_hasty(server: &RedisServer) -> Self {
        Self::of(command(server, &Task::Held).env("HANDLER_CACHE_TIMEOUT", "1ns"))
    }

    fn of(command: &mut Command) -> Self {
        Self {
            dialogue: Dialogue::start(command),
            late: 0,
        }
    }

    #[track_caller]
    pub(crate) fn take(&mut self, step: &HeldStep) -> String {
        let said = self.dialogue.step(step);
        self.late += u32::from(said.contains("error_open"));
        said
    }

    #[track_caller]
    pub(crate) fn hold(&mut self, n: u32) -> String {
        self.take(&HeldStep::Hold(n))
    }

    #[track_caller]
    pub(crate) fn release(&mut self, answer: &str) -> String {
        self.take(&HeldStep::Release(answer.to_owned()))
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, n: u32, answer: &str) -> String {
        self.take(&HeldStep::Ask(n, answer.to_owned()))
    }

    #[track_caller]
    pub(crate) fn invalidate(&mut self, n: u32) -> String {
        self.take(&HeldStep::Invalidate(n))
    }

    #[track_caller]
    pub(crate) fn clear(&mut self) -> String {
        self.take(&HeldStep::Clear)
    }
}
