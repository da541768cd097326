//! The commands of a server, seen with `MONITOR`.

use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::tag;
use crate::wait::eventually;
/// Closes the record: every earlier command stands before it.
const END: &str = "cache-tests-end-of-monitor";

/// A connection that collects every command that the server runs, from all clients.
#[derive(Debug)]
pub struct Monitor {
    socket: PathBuf,
    stream: UnixStream,
    seen: Arc<Mutex<Vec<MonitorLine>>>,
    reader: JoinHandle<()>,
}

/// One command that the server ran.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MonitorLine {
    /// Number of the database.
    pub db: u32,
    /// Address of the client, which begins with `unix:` on a Unix socket, or `lua` for a command that a script ran.
    pub client: String,
    /// The command's name as it was sent, and its arguments. Bytes that are not UTF-8 are replaced.
    pub words: Vec<String>,
}

impl Monitor {
    pub(crate) fn start(socket: PathBuf) -> Self {
        let mut stream = connect(&socket);
        stream
            .write_all(b"MONITOR\r\n")
            .expect("the server takes commands");
        let mut replies = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
        let mut first = String::new();
        replies
            .read_line(&mut first)
            .expect("the server answers `MONITOR`");
        assert_eq!(first.trim_end(), "+OK", "the answer to `MONITOR`");
        let seen = Arc::default();
        let reader = thread::spawn({
            let seen = Arc::clone(&seen);
            move || collect(replies, &seen)
        });
        Self {
            socket,
            stream,
            seen,
            reader,
        }
    }

    /// Returns the commands seen so far.
    pub fn so_far(&self) -> Vec<MonitorLine> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Stops collecting, and returns every command that the server ran until now.
    #[must_use]
    pub fn finish(self) -> Vec<MonitorLine> {
        connect(&self.socket)
            .write_all(format!("ECHO {END}\r\n").as_bytes())
            .expect("the server takes commands");
        let is_end = |line: &MonitorLine| line.words.iter().any(|word| word == END);
        eventually(|| self.so_far().iter().any(is_end));
        self.stream
            .shutdown(Shutdown::Both)
            .expect("the monitor's socket is open");
        let mut lines = self.so_far();
        self.reader.join().expect("the reader does not panic");
        lines.truncate(lines.iter().position(is_end).unwrap_or(lines.len()));
        lines
    }
}

impl MonitorLine {
    /// The command's name in upper case.
    #[must_use]
    pub fn command(&self) -> String {
        self.words
            .first()
            .map(|name| name.to_ascii_uppercase())
            .unwrap_or_default()
    }

    /// Whether the command is about something that the cache `name` has in Redis.
    #[must_use]
    pub fn concerns(&self, name: &str) -> bool {
        let is_key = |word: &String| tag::of(word).is_some_and(|tag| tag::is_of(tag, name));
        self.words.iter().any(is_key)
    }

    /// Whether a script ran the command, and not a client.
    #[must_use]
    pub fn is_from_script(&self) -> bool {
        self.client == "lua"
    }

    /// Parses `1339518083.107412 [0 127.0.0.1:60866] "GET" "key"`.
    fn parse(line: &str) -> Option<Self> {
        let (_, rest) = line.split_once(" [")?;
        let (origin, words) = rest.split_once("] ")?;
        let (db, client) = origin.split_once(' ')?;
        Some(Self {
            db: db.parse().ok()?,
            client: client.to_owned(),
            words: unquote(words),
        })
    }
}

fn connect(socket: &Path) -> UnixStream {
    UnixStream::connect(socket).expect("the server accepts connections")
}

fn collect(replies: impl BufRead, seen: &Mutex<Vec<MonitorLine>>) {
    for line in replies.lines().map_while(Result::ok) {
        let line =
            MonitorLine::parse(&line).unwrap_or_else(|| panic!("not a line of `MONITOR`: {line}"));
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }
}

/// Splits `"a" "b\x00c"` into its words, with the escapes resolved.
fn unquote(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut bytes = text.bytes();
    while bytes.by_ref().any(|byte| byte == b'"') {
        let word = unquote_word(&mut bytes);
        words.push(String::from_utf8_lossy(&word).into_owned());
    }
    words
}

/// Reads up to and with the closing quote.
fn unquote_word(bytes: &mut impl Iterator<Item = u8>) -> Vec<u8> {
    let mut word = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => word.extend(unescape(bytes)),
            byte => word.push(byte),
        }
    }
    word
}

/// Reads the rest of an escape, after its backslash.
fn unescape(bytes: &mut impl Iterator<Item = u8>) -> Option<u8> {
    Some(match bytes.next()? {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'a' => 0x07,
        b'b' => 0x08,
        b'x' => hex_digit(bytes.next()?)? << 4 | hex_digit(bytes.next()?)?,
        other => other,
    })
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart() {
        let line = MonitorLine::parse(
            r#"1339518083.107412 [3 127.0.0.1:60866] "set" "a \"b\"] c" "\x00\xc3\xa4\\n""#,
        );
        let expected = MonitorLine {
            db: 3,
            client: "127.0.0.1:60866".to_owned(),
            words: ["set", "a \"b\"] c", "\0ä\\n"].map(str::to_owned).to_vec(),
        };
        assert_eq!(line, Some(expected));
    }
}
