//! Child processes that end when we say so.

use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

const END_DEADLINE: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Keeps the terminal's Ctrl-C from the child, which is then ended by us alone, in due order.
pub(crate) fn own_process_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Ends a child as Ctrl-C would, and kills it when that takes more than ten seconds.
pub(crate) fn interrupt(child: &mut Child) {
    let end = Instant::now() + END_DEADLINE;
    if matches!(child.try_wait(), Ok(None)) && send_interrupt(child) {
        while matches!(child.try_wait(), Ok(None)) && Instant::now() < end {
            thread::sleep(POLL_INTERVAL);
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Returns whether the child got a signal to end.
fn send_interrupt(child: &Child) -> bool {
    cfg!(unix)
        && Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .is_ok_and(|status| status.success())
}
