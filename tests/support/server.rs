//! A `redis-server` of the test's own.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::monitor::Monitor;
use crate::port::free_port;
use crate::process::{RedisProcess, SOCKET, Start};
use crate::setup::Setup;
use crate::user::User;
use crate::wait::{DEADLINE, holds_within};

/// A real `redis-server` on a free loopback port, without persistence.
///
/// It ends when it is dropped, and whenever the test process ends.
#[derive(Debug)]
pub struct RedisServer {
    process: RedisProcess,
    setup: Setup,
    users: Mutex<Vec<User>>,
    dir: TempDir,
}

impl RedisServer {
    /// Starts a server and waits until it answers.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with more command-line arguments, such as `["--maxmemory", "2mb"]`.
    #[must_use]
    pub fn start_with(args: &[&str]) -> Self {
        Self::launch(|| Setup::new(free_port(), args))
    }

    /// Starts a server that listens on a Unix socket and on no port.
    #[must_use]
    pub fn start_unix() -> Self {
        Self::launch(|| Setup::new(0, &[]))
    }

    /// Starts a server as `prepare` says, which is asked anew when a port turns out to be taken.
    pub(crate) fn launch(mut prepare: impl FnMut() -> Setup) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("redis-")
            .tempdir()
            .expect("a temporary folder can be created");
        loop {
            let setup = prepare();
            if let Start::Ready(process) = RedisProcess::start(dir.path(), &setup) {
                return Self {
                    process,
                    setup,
                    users: Mutex::default(),
                    dir,
                };
            }
        }
    }

    /// The port that the server listens on, on `127.0.0.1`. Panics when it listens on a Unix socket
    /// only.
    #[must_use]
    pub fn port(&self) -> u16 {
        let port = self.setup.port();
        assert_ne!(port, 0, "the server listens on a Unix socket only");
        port
    }

    /// The Unix socket that the server listens on: every server has one, besides its port.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.dir().join(SOCKET)
    }

    /// The server's URL, of db 0: `redis://127.0.0.1:…`, or `redis+unix:///…` of a server that
    /// listens on a Unix socket only.
    #[must_use]
    pub fn url(&self) -> String {
        match self.setup.port() {
            0 => format!("redis+unix://{}", self.socket().display()),
            port => format!("redis://127.0.0.1:{port}"),
        }
    }

    /// [`url`](Self::url) with a user's name and password.
    #[must_use]
    pub fn url_as(&self, name: &str, password: &str) -> String {
        User::new(name, password, "").in_url(&self.url())
    }

    /// Creates or replaces a user who can log in with `password`, with the ACL rules given, such as
    /// [`LEAST_PRIVILEGE`](crate::LEAST_PRIVILEGE). The server has that user after a
    /// [`restart`](Self::restart) too.
    pub fn add_user(&self, name: &str, password: &str, rules: &str) {
        let user = User::new(name, password, rules);
        user.create(&mut self.connection());
        self.users
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(user);
    }

    /// The server's working directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Opens a new connection to the server.
    #[must_use]
    pub fn connection(&self) -> redis::Connection {
        redis::Client::open(self.url())
            .and_then(|client| client.get_connection())
            .expect("the server accepts connections")
    }

    /// Starts to collect every command that the server runs.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        Monitor::start(self.socket())
    }

    /// Whether the server's process lives, stopped or not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// Kills the server with `SIGKILL`. Nothing listens on its port when this returns.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops the server with `SIGSTOP`: it still accepts connections, but answers nothing.
    pub fn stop(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Lets a stopped server go on.
    pub fn resume(&self) {
        self.process.signal(Signal::CONT);
    }

    /// Kills the server if it still runs, and starts an empty one on the same port.
    pub fn restart(&mut self) {
        self.kill();
        let setup = self.setup_with_users();
        let started = holds_within(DEADLINE, || {
            match RedisProcess::start(self.dir.path(), &setup) {
                Start::Ready(process) => {
                    self.process = process;
                    true
                }
                Start::PortTaken => false,
            }
        });
        assert!(started, "port {} stayed taken", self.setup.port());
    }

    fn setup_with_users(&self) -> Setup {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        let mut setup = self.setup.clone();
        setup.push_args(users.iter().flat_map(User::args));
        setup
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use redis::Commands;

    use super::*;
    use crate::eventually;
    use crate::inspect::{cache_keys, cache_sizes, clients, commandstats, forget, server_info};

    #[test]
    fn a_restarted_server_is_empty_and_on_the_same_port() {
        let mut server = RedisServer::start();
        let port = server.port();
        let () = server.connection().set("a", 1).unwrap();
        server.kill();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
        server.restart();
        assert_eq!(server.port(), port);
        let found: Option<u32> = server.connection().get("a").unwrap();
        assert_eq!(found, None);
    }

    #[test]
    fn a_stopped_server_answers_after_it_is_resumed() {
        let server = RedisServer::start();
        let mut connection = server.connection();
        server.stop();
        connection
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let stopped: redis::RedisResult<Option<u32>> = connection.get("a");
        assert!(stopped.unwrap_err().is_timeout());
        server.resume();
        let resumed: Option<u32> = server.connection().get("a").unwrap();
        assert_eq!(resumed, None);
    }

    #[test]
    fn arguments_reach_the_server() {
        let server = RedisServer::start_with(&["--maxmemory", "5mb"]);
        let settings: Vec<String> = redis::cmd("CONFIG")
            .arg(&["GET", "maxmemory"])
            .query(&mut server.connection())
            .unwrap();
        assert_eq!(settings, ["maxmemory", "5242880"]);
    }

    #[test]
    fn a_server_can_listen_on_a_unix_socket_only() {
        let mut server = RedisServer::start_unix();
        assert!(server.url().starts_with("redis+unix:///"));
        let () = server.connection().set("a", 1).unwrap();
        let found: Option<u32> = server.connection().get("a").unwrap();
        assert_eq!(found, Some(1));
        assert_eq!(
            server_info(&mut server.connection(), "server")["tcp_port"],
            "0"
        );
        server.restart();
        let found: Option<u32> = server.connection().get("a").unwrap();
        assert_eq!(found, None);
    }

    #[test]
    fn a_taken_port_is_told_from_a_failure() {
        let server = RedisServer::start();
        let dir = tempfile::tempdir().unwrap();
        let second = RedisProcess::start(dir.path(), &Setup::new(server.port(), &[]));
        assert!(matches!(second, Start::PortTaken));
    }

    #[test]
    fn the_monitor_sees_clients_and_scripts() {
        let server = RedisServer::start();
        let mut connection = server.connection();
        let monitor = server.monitor();
        let () = redis::cmd("EVAL")
            .arg("return redis.call('set', 'a', '1')")
            .arg(0)
            .query(&mut connection)
            .unwrap();
        let lines = monitor.finish();
        let [script, set] = lines.as_slice() else {
            panic!("not two commands: {lines:?}");
        };
        assert_eq!(script.command(), "EVAL");
        assert!(!script.is_from_script());
        assert_eq!(set.words, ["set", "a", "1"]);
        assert!(set.is_from_script());
    }

    #[test]
    fn only_the_entries_of_the_named_cache_are_listed() {
        let server = RedisServer::start();
        let mut connection = server.connection();
        let mine = ["hc:{one#1}:v:c", "hc:{one}:v:a", "hc:{one}:v:b"];
        let others = [
            "hc:{one}:z",
            "hc:{one#1}:z",
            "hc:{two}:v:a",
            "hc:{one}x:v:a",
        ];
        for key in mine.iter().chain(&others) {
            let () = connection.set(key, 1).unwrap();
        }
        assert_eq!(cache_keys(&mut connection, "one"), mine);
        assert_eq!(cache_sizes(&mut connection, "one", 2), [0, 1]);
        forget(&mut connection, "one");
        let left: Vec<String> = connection.keys("*").unwrap();
        assert_eq!(left.len(), 2, "{left:?}");
    }

    #[test]
    fn commands_and_clients_are_counted() {
        let server = RedisServer::start();
        let mut connection = server.connection();
        for _ in 0..3 {
            let _: Option<u32> = connection.get("a").unwrap();
        }
        assert_eq!(commandstats(&mut connection)["get"], 3);
        let other = server.connection();
        assert_eq!(clients(&mut connection), 2);
        drop(other);
        eventually(|| clients(&mut connection) == 1);
    }
}
