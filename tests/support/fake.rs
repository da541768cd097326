//! A server with replies that no real one would send.

use std::{
    collections::HashMap,
    io::{self, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::{port::free_port, resp::read_frame};

/// Stands between clients and a real server, and answers the commands that a test has chosen with the bytes that it has
/// chosen. All else goes on to the real server and back, one command at a time; pushes of that server arrive with
/// the next reply.
#[derive(Debug)]
pub struct FakeServer {
    address: SocketAddr,
    script: Arc<Script>,
}

/// The replies of the fake server itself, and the number of requests.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<HashMap<String, Answer>>,
    asked: Mutex<HashMap<String, usize>>,
    ended: AtomicBool,
}

#[derive(Clone, Debug)]
struct Answer {
    bytes: Vec<u8>,
    closes: bool,
}

impl FakeServer {
    /// Starts a fake server in front of a real one.
    #[must_use]
    pub fn start(real: impl Into<SocketAddr>) -> Self {
        let listener = loop {
            if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())) {
                break listener;
            }
        };
        let address = listener.local_addr().expect("the listener is bound");
        let script = Arc::new(Script::default());
        let (real, known) = (real.into(), Arc::clone(&script));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if known.ended.load(Ordering::Acquire) {
                    return;
                }
                let script = Arc::clone(&known);
                thread::spawn(move || _ = serve(&client, real, &script));
            }
        });
        Self { address, script }
    }

    /// The URL of the proxied server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Answers `command`, such as `GET`, with these bytes from now on.
    pub fn answer(&self, command: &str, bytes: impl Into<Vec<u8>>) {
        self.set(command, bytes.into(), false);
    }

    /// Answers `command` with these bytes from now on, and closes the connection.
    pub fn answer_and_close(&self, command: &str, bytes: impl Into<Vec<u8>>) {
        self.set(command, bytes.into(), true);
    }

    /// Has the real server answer everything again.
    pub fn be_honest(&self) {
        lock(&self.script.answers).clear();
    }

    /// How often `command` came in so far.
    #[must_use]
    pub fn asked(&self, command: &str) -> usize {
        let asked = lock(&self.script.asked);
        asked.get(command).copied().unwrap_or(0)
    }

    fn set(&self, command: &str, bytes: Vec<u8>, closes: bool) {
        let answer = Answer { bytes, closes };
        lock(&self.script.answers).insert(command.to_owned(), answer);
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.script.ended.store(true, Ordering::Release);
        // Wakes the thread that accepts.
        _ = TcpStream::connect(self.address);
    }
}

/// Serves one client until either side ends.
fn serve(mut client: &TcpStream, real: SocketAddr, script: &Script) -> io::Result<()> {
    let mut upstream = TcpStream::connect(real)?;
    for socket in [client, &upstream] {
        socket.set_nodelay(true)?;
    }
    let mut commands = BufReader::new(client);
    let mut replies = BufReader::new(upstream.try_clone()?);
    loop {
        let command = read_frame(&mut commands)?;
        let name = command.word().to_ascii_uppercase();
        *lock(&script.asked).entry(name.clone()).or_default() += 1;
        let answer = lock(&script.answers).get(&name).cloned();
        if let Some(answer) = answer {
            client.write_all(&answer.bytes)?;
            if answer.closes {
                return Ok(());
            }
            continue;
        }
        upstream.write_all(&command.bytes)?;
        loop {
            let reply = read_frame(&mut replies)?;
            client.write_all(&reply.bytes)?;
            if !reply.is_push() {
                break;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use redis::Commands as _;

    use super::*;
    use crate::RedisServer;

    fn connect(fake: &FakeServer) -> redis::Connection {
        redis::Client::open(format!("{}?protocol=resp3", fake.url()))
            .unwrap()
            .get_connection()
            .unwrap()
    }

    #[test]
    fn it_answers_as_it_is_told_and_otherwise_as_the_real_one() {
        let server = RedisServer::start();
        let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
        let mut connection = connect(&fake);
        let () = connection.set("fake-server", "real").unwrap();
        let get = |connection: &mut redis::Connection| -> String {
            connection.get("fake-server").unwrap()
        };
        assert_eq!(get(&mut connection), "real");
        fake.answer("GET", "$4\r\nfake\r\n");
        assert_eq!(get(&mut connection), "fake");
        fake.be_honest();
        assert_eq!(get(&mut connection), "real");
        assert_eq!((fake.asked("GET"), fake.asked("HELLO")), (3, 1));
        fake.answer_and_close("GET", "$4\r\nfa");
        let cut: redis::RedisResult<String> = connection.get("fake-server");
        assert!(cut.unwrap_err().is_connection_dropped());
    }
}
