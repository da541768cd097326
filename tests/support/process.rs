//! One `redis-server` process that can't outlive the test process.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::setup::Setup;
use crate::wait::{DEADLINE, holds_within};

/// A socket in the server's own folder, so that another server on its port can't pass for it.
/// Every server has one, beside a port or not.
pub(crate) const SOCKET: &str = "redis.sock";

const PING_TIMEOUT: Duration = Duration::from_millis(500);

/// Statics are never dropped and a test process may be killed, so a shell holds the server: it ends
/// the server and removes its folder as soon as the pipe to the test process is closed, however
/// that came about.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
dir=$1
shift
"$@" </dev/null >>"$dir/redis.log" 2>&1 &
echo $!
cat >/dev/null
kill -9 $!
wait $!
rm -rf "$dir"
"#;

/// The result of an attempt to start a server.
pub(crate) enum Start {
    Ready(RedisProcess),
    PortTaken,
}

/// A running server and the shell that watches over it.
#[derive(Debug)]
pub(crate) struct RedisProcess {
    watchdog: Child,
    lifeline: Option<ChildStdin>,
    pid: Pid,
}

impl RedisProcess {
    /// Starts a server with its files in `dir`, and waits until it answers.
    pub(crate) fn start(dir: &Path, setup: &Setup) -> Start {
        setup.write_files(dir);
        let mut process = Self::spawn(dir, setup);
        let socket = dir.join(SOCKET);
        let decided = holds_within(DEADLINE, || answers(&socket) || !process.is_running());
        let output = fs::read_to_string(dir.join("redis.log")).unwrap_or_default();
        if decided && process.is_running() {
            return Start::Ready(process);
        }
        process.kill();
        assert!(
            output.contains("Address already in use"),
            "`redis-server` did not start:\n{output}"
        );
        Start::PortTaken
    }

    fn spawn(dir: &Path, setup: &Setup) -> Self {
        let mut watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "sh"])
            .arg(dir)
            .arg(executable())
            .args(setup.command_line(dir))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`sh` can be run");
        let lifeline = watchdog.stdin.take();
        let pid = read_pid(&mut watchdog);
        Self {
            watchdog,
            lifeline,
            pid,
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.lifeline.is_some() && test_kill_process(self.pid).is_ok()
    }

    /// Sends `signal` to the server.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("the server is running");
    }

    /// Kills the server with `SIGKILL`, and returns when it is gone. Its folder goes with it.
    pub(crate) fn kill(&mut self) {
        drop(self.lifeline.take());
        self.watchdog.wait().expect("the watchdog is our child");
    }
}

impl Drop for RedisProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

fn read_pid(watchdog: &mut Child) -> Pid {
    let stdout = watchdog.stdout.take().expect("stdout is a pipe");
    let mut line = String::new();
    BufReader::new(stdout)
        .read_line(&mut line)
        .expect("the watchdog prints the server's process id");
    line.trim()
        .parse()
        .ok()
        .and_then(Pid::from_raw)
        .expect("the watchdog prints the server's process id")
}

/// A refusal such as `-NOAUTH` is an answer too.
fn answers(socket: &Path) -> bool {
    let Ok(mut stream) = UnixStream::connect(socket) else {
        return false;
    };
    let mut kind = [0];
    stream.set_read_timeout(Some(PING_TIMEOUT)).is_ok()
        && stream.write_all(b"PING\r\n").is_ok()
        && stream.read_exact(&mut kind).is_ok()
        && matches!(kind, [b'+' | b'-'])
}

/// The `redis-server` to run: `REDIS_SERVER`, or the one on `PATH`.
fn executable() -> &'static Path {
    static EXECUTABLE: OnceLock<PathBuf> = OnceLock::new();
    EXECUTABLE.get_or_init(|| {
        let name = env::var_os("REDIS_SERVER").unwrap_or_else(|| OsString::from("redis-server"));
        let version = Command::new(&name).arg("--version").output();
        match version {
            Ok(output) if output.status.success() => PathBuf::from(name),
            Err(error) if error.kind() == ErrorKind::NotFound => panic!(
                "{} not found: `cargo xtask test` brings a `redis-server`, or install one, or name \
                 one in `REDIS_SERVER`",
                name.display()
            ),
            other => panic!("`{} --version` failed: {other:?}", name.display()),
        }
    })
}
