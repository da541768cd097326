//! A connection that one thread at a time writes to and reads from.
//!
//! The client library times each read by itself, so that a reply that drips in could hold its reader for as long as it
//! likes. Here the whole exchange has one deadline. What a reply means is still for the library to say.

use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
    net::{TcpStream, ToSocketAddrs as _},
    time::{Duration, Instant},
};

use bytes::Bytes;
use redis::{
    ConnectionAddr, ConnectionInfo, RedisError, Value,
    io::tcp::socket2::{SockRef, TcpKeepalive},
};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// The longest value that Redis holds.
const LONGEST: usize = 512 * 1024 * 1024;

/// No reply but a value takes more.
const LONGEST_LINE: usize = 64 * 1024;

/// A value up to this is copied out, and the buffer is used again.
const KEEP: usize = 64 * 1024;

/// After so long without an answer on the wire, the kernel asks, and gives up on what it has sent.
const SILENCE: Duration = Duration::from_secs(3);

/// What is read and written.
trait Stream: Read + Write + Send {
    fn set_read_timeout(&self, timeout: Duration) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn set_read_timeout(&self, timeout: Duration) -> io::Result<()> {
        Self::set_read_timeout(self, Some(timeout))
    }
}

#[cfg(unix)]
impl Stream for std::os::unix::net::UnixStream {
    fn set_read_timeout(&self, timeout: Duration) -> io::Result<()> {
        Self::set_read_timeout(self, Some(timeout))
    }
}

/// A blocking connection.
pub(super) struct Blocking {
    stream: Box<dyn Stream>,
    /// What the socket's time-out is set to.
    timeout: Duration,
    buffer: Vec<u8>,
    /// Whether the next reply might not be the next request's.
    spoiled: bool,
}

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").finish_non_exhaustive()
    }
}

/// One reply.
enum Reply {
    Value(Bytes),
    Nil,
    /// Anything of one line, errors among them.
    Line(Bytes),
}

impl Blocking {
    /// Whether such a connection can be made: TLS is left to the client library.
    pub(super) fn is_possible(server: &ConnectionInfo) -> bool {
        let is_socket = cfg!(unix) && matches!(server.addr(), ConnectionAddr::Unix(_));
        is_socket || matches!(server.addr(), ConnectionAddr::Tcp(..))
    }

    /// Connects and logs in, within `budget` where names need not be resolved.
    pub(super) fn connect(server: &ConnectionInfo, budget: Duration) -> Result<Self, RedisError> {
        let deadline = Instant::now() + budget;
        let mut connection = Self {
            stream: stream(server.addr(), budget)?,
            timeout: Duration::ZERO,
            buffer: Vec::new(),
            spoiled: false,
        };
        let settings = server.redis_settings();
        if let Some(password) = settings.password() {
            let mut login = redis::cmd("AUTH");
            if let Some(user) = settings.username() {
                login.arg(user);
            }
            login.arg(password);
            connection.tell(&login, deadline)?;
        }
        if settings.db() != 0 {
            connection.tell(redis::cmd("SELECT").arg(settings.db()), deadline)?;
        }
        Ok(connection)
    }

    /// Sends one packed command and waits for the reply. After an error the connection is not to be used again: the
    /// reply may still come.
    pub(super) fn request(
        &mut self,
        packed: &[u8],
        deadline: Instant,
    ) -> Result<Value, RedisError> {
        self.spoiled = true;
        self.stream.write_all(packed)?;
        let value = match self.reply(deadline)? {
            Reply::Value(bytes) => Value::BulkString(bytes.into()),
            Reply::Nil => Value::Nil,
            Reply::Line(line) => redis::parse_redis_value(&line)?,
        };
        self.spoiled = !self.buffer.is_empty();
        Ok(value)
    }

    /// Whether it can be used again.
    pub(super) const fn is_good(&self) -> bool {
        !self.spoiled
    }

    fn tell(&mut self, command: &redis::Cmd, deadline: Instant) -> Result<(), RedisError> {
        match self.request(&command.get_packed_command(), deadline)? {
            Value::ServerError(error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn reply(&mut self, deadline: Instant) -> Result<Reply, RedisError> {
        let end = loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                break end;
            }
            if self.buffer.len() > LONGEST_LINE {
                return Err(nonsense());
            }
            self.read(CHUNK, deadline)?;
        };
        let after = end + 2;
        match self.buffer.first() {
            Some(b'$') if &self.buffer[1..end] == b"-1" => {
                self.buffer.drain(..after);
                Ok(Reply::Nil)
            }
            Some(b'$') => match length(&self.buffer[1..end]) {
                Some(length) if length <= LONGEST => self.value(after, length, deadline),
                Some(_) | None => Err(nonsense()),
            },
            Some(b'+' | b'-' | b':') => {
                let line = Bytes::copy_from_slice(&self.buffer[..after]);
                self.buffer.drain(..after);
                Ok(Reply::Line(line))
            }
            _ => Err(nonsense()),
        }
    }

    /// The value whose first byte is at `start`. What is reserved is never much more than what has come.
    fn value(
        &mut self,
        start: usize,
        length: usize,
        deadline: Instant,
    ) -> Result<Reply, RedisError> {
        let end = start + length;
        while self.buffer.len() < end + 2 {
            let missing = end + 2 - self.buffer.len();
            self.read(missing.min(self.buffer.len().max(CHUNK)), deadline)?;
        }
        if self.buffer[end..end + 2] != *b"\r\n" {
            return Err(nonsense());
        }
        if length <= KEEP {
            let value = Bytes::copy_from_slice(&self.buffer[start..end]);
            self.buffer.drain(..end + 2);
            return Ok(Reply::Value(value));
        }
        let mut all = Bytes::from(std::mem::take(&mut self.buffer));
        self.buffer.extend_from_slice(&all[end + 2..]);
        all.truncate(end);
        Ok(Reply::Value(all.slice(start..)))
    }

    /// Reads up to `most` bytes, at least one.
    fn read(&mut self, most: usize, deadline: Instant) -> Result<(), RedisError> {
        let have = self.buffer.len();
        self.buffer.resize(have + most, 0);
        let read = self.read_at(have, deadline);
        self.buffer
            .truncate(have + read.as_ref().copied().unwrap_or(0));
        match read? {
            0 => Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
            _ => Ok(()),
        }
    }

    fn read_at(&mut self, have: usize, deadline: Instant) -> io::Result<usize> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = coarse(left).ok_or(ErrorKind::TimedOut)?;
            if self.timeout != left {
                self.stream.set_read_timeout(left)?;
                self.timeout = left;
            }
            match self.stream.read(&mut self.buffer[have..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Err(ErrorKind::TimedOut.into());
                }
                read => return read,
            }
        }
    }
}

/// Rounds up to an eighth of the next power of two, so that a time-out of the same order need not be set anew at each
/// call. `None` where nothing is left.
fn coarse(left: Duration) -> Option<Duration> {
    let micros = u64::try_from(left.as_micros()).unwrap_or(u64::MAX >> 1);
    if micros == 0 {
        return None;
    }
    let step = (micros.next_power_of_two() / 8).max(1);
    Some(Duration::from_micros(micros.next_multiple_of(step)))
}

fn length(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn stream(address: &ConnectionAddr, budget: Duration) -> Result<Box<dyn Stream>, RedisError> {
    match address {
        ConnectionAddr::Tcp(host, port) => {
            let mut last_error = io::Error::from(ErrorKind::AddrNotAvailable);
            for address in (host.as_str(), *port).to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, budget) {
                    Ok(stream) => return Ok(Box::new(prepared(stream, budget)?)),
                    Err(error) => last_error = error,
                }
            }
            Err(last_error.into())
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => {
            let stream = std::os::unix::net::UnixStream::connect(path)?;
            stream.set_write_timeout(Some(budget))?;
            Ok(Box::new(stream))
        }
        _ => Err(io::Error::from(ErrorKind::Unsupported).into()),
    }
}

fn prepared(stream: TcpStream, budget: Duration) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(budget))?;
    let socket = SockRef::from(&stream);
    let keepalive = TcpKeepalive::new()
        .with_time(SILENCE)
        .with_interval(SILENCE);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_user_timeout(Some(SILENCE))?;
    Ok(stream)
}

fn nonsense() -> RedisError {
    io::Error::new(ErrorKind::InvalidData, "not a reply to what was asked").into()
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, sync::Mutex};

    use super::*;

    /// Gives each of the pieces to one read.
    struct Pieces(Mutex<VecDeque<Vec<u8>>>);

    impl Read for Pieces {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let mut pieces = self.0.lock().unwrap();
            let Some(mut piece) = pieces.pop_front() else {
                return Err(ErrorKind::WouldBlock.into());
            };
            let fits = piece.len().min(to.len());
            to[..fits].copy_from_slice(&piece[..fits]);
            if fits < piece.len() {
                pieces.push_front(piece.split_off(fits));
            }
            Ok(fits)
        }
    }

    impl Write for Pieces {
        fn write(&mut self, from: &[u8]) -> io::Result<usize> {
            Ok(from.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Stream for Pieces {
        fn set_read_timeout(&self, _timeout: Duration) -> io::Result<()> {
            Ok(())
        }
    }

    fn connection(pieces: impl IntoIterator<Item = Vec<u8>>) -> Blocking {
        Blocking {
            stream: Box::new(Pieces(Mutex::new(pieces.into_iter().collect()))),
            timeout: Duration::ZERO,
            buffer: Vec::new(),
            spoiled: false,
        }
    }

    fn request(connection: &mut Blocking) -> Result<Value, RedisError> {
        connection.request(b"GET", Instant::now() + Duration::from_secs(60))
    }

    #[test]
    fn replies_in_one_piece_and_byte_by_byte() {
        let large = vec![7; 3 * KEEP];
        let bulk =
            |bytes: &[u8]| [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        let cases = [
            (b"$-1\r\n".to_vec(), Value::Nil),
            (b"+OK\r\n".to_vec(), Value::Okay),
            (bulk(b""), Value::BulkString(Vec::new())),
            (bulk(b"a\r\nb"), Value::BulkString(b"a\r\nb".to_vec())),
            (bulk(&large), Value::BulkString(large)),
        ];
        for (bytes, expected) in cases {
            let whole = [bytes.clone()];
            let slices = bytes.chunks(1 + bytes.len() / 1000).map(<[u8]>::to_vec);
            for mut connection in [connection(whole), connection(slices)] {
                assert_eq!(request(&mut connection).unwrap(), expected);
                assert!(connection.is_good());
            }
        }
        let mut refused = connection([b"-MOVED 1 a:2\r\n".to_vec()]);
        assert!(matches!(request(&mut refused), Ok(Value::ServerError(_))));
        assert!(refused.is_good());
    }

    #[test]
    fn nonsense_is_an_error_and_reserves_nothing() {
        for bytes in [
            &b"$9999999999\r\n"[..],
            b"$99999999999999999999999\r\n",
            b"$-2\r\n",
            b"$\r\n",
            b"$+1\r\na\r\n",
            b"*1\r\n$1\r\na\r\n",
            b"%1\r\n",
            b">2\r\n",
            b"HTTP/1.1 400 Bad Request\r\n",
            b"$1\r\nabc",
            &vec![b'+'; 2 * LONGEST_LINE],
        ] {
            let mut connection = connection([bytes.to_vec()]);
            assert!(request(&mut connection).is_err(), "{bytes:?}");
            assert!(!connection.is_good());
            assert!(connection.buffer.capacity() < 1024 * 1024);
        }
    }

    #[test]
    fn a_value_that_is_only_announced_reserves_little() {
        let mut connection = connection([b"$536870912\r\nabc".to_vec()]);
        assert!(request(&mut connection).unwrap_err().is_timeout());
        assert!(connection.buffer.capacity() < 1024 * 1024);
    }

    #[test]
    fn what_comes_without_being_asked_for_spoils_the_connection() {
        let mut connection = connection([b"$1\r\na\r\n$1\r\nb\r\n".to_vec()]);
        assert_eq!(
            request(&mut connection).unwrap(),
            Value::BulkString(b"a".to_vec())
        );
        assert!(!connection.is_good());
    }

    #[test]
    fn a_deadline_that_has_passed_is_a_timeout() {
        let mut connection = connection([b"$1\r\na\r\n".to_vec()]);
        let error = connection.request(b"GET", Instant::now()).unwrap_err();
        assert!(error.is_timeout());
        assert_eq!(coarse(Duration::ZERO), None);
        for micros in [1u64, 7, 50_000, 49_999, 1_000_000] {
            let left = Duration::from_micros(micros);
            let rounded = coarse(left).unwrap();
            assert!(
                rounded >= left && rounded <= left + left / 4 + Duration::from_micros(1),
                "{left:?}"
            );
        }
    }
}
