//! A connection for blocking look-ups, used by one thread at a time.
//!
//! The client library has a time-out for each read, so a server that sends one byte at a time could hold the reader for ever.
//! Here the whole reply has one deadline.

use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
    net::{TcpStream, ToSocketAddrs as _},
    time::{Duration, Instant},
};

use redis::{ConnectionAddr, ConnectionInfo, RedisError};

use super::{
    decoder::{Decoder, Taken},
    greeting::Greeting,
    login,
    reply::Reply,
};

/// Bytes of one read at most: the room for them is filled with zeros first, which takes time.
const READ: usize = 256 * 1024;

/// A socket, or a test's stand-in for one.
trait Stream: Read + Write + Send {
    /// Waits until there are bytes to read; false where none have come within `most`.
    fn wait(&self, most: Duration) -> io::Result<bool>;
}

#[cfg(unix)]
impl<S: Read + Write + Send + std::os::fd::AsFd> Stream for S {
    // By `poll`: the socket's own time-out counts in ticks of the kernel, which are up to 10 ms long.
    fn wait(&self, most: Duration) -> io::Result<bool> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};

        let most = Timespec::try_from(most).map_err(|_| ErrorKind::InvalidInput)?;
        let ready = poll(&mut [PollFd::new(self, PollFlags::IN)], Some(&most))?;
        Ok(ready > 0)
    }
}

#[cfg(not(unix))]
impl Stream for TcpStream {
    fn wait(&self, most: Duration) -> io::Result<bool> {
        // The wait happens in the next read.
        self.set_read_timeout(Some(most))?;
        Ok(true)
    }
}

/// A blocking connection.
pub(super) struct Blocking {
    stream: Box<dyn Stream>,
    decoder: Decoder,
    /// Whether a reply to an earlier request could be taken for the next one's.
    spoiled: bool,
}

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").finish_non_exhaustive()
    }
}

impl Blocking {
    /// Connects and logs in within `budget`. A host name may take longer: to be resolved, and where it has several addresses.
    pub(super) fn connect(server: &ConnectionInfo, budget: Duration) -> Result<Self, RedisError> {
        let deadline = Instant::now() + budget;
        let mut connection = Self {
            stream: stream(server.addr(), budget)?,
            decoder: Decoder::default(),
            spoiled: false,
        };
        connection.greet(&Greeting::of(server), deadline)?;
        Ok(connection)
    }

    fn greet(&mut self, greeting: &Greeting, deadline: Instant) -> Result<(), RedisError> {
        self.send(&greeting.packed())?;
        let answers = (0..greeting.len()).map(|_| self.receive(deadline));
        let answers = answers.collect::<Result<_, _>>()?;
        self.settle();
        greeting.check(answers)
    }

    /// Sends one packed command and waits for the reply. After an error the caller must not use the connection again: the
    /// reply may still come.
    pub(super) fn request(
        &mut self,
        packed: &[u8],
        deadline: Instant,
    ) -> Result<Reply, RedisError> {
        self.send(packed)?;
        let reply = self.receive(deadline)?;
        self.settle();
        Ok(reply)
    }

    fn send(&mut self, packed: &[u8]) -> io::Result<()> {
        self.spoiled = true;
        self.stream.write_all(packed)
    }

    /// Waits for one reply. Drops pushes: this connection has subscribed to none.
    fn receive(&mut self, deadline: Instant) -> Result<Reply, RedisError> {
        loop {
            match self.decoder.take(|_push| {})? {
                Taken::Reply(reply) => return Ok(reply),
                Taken::Missing(bytes) => self.read(bytes, deadline)?,
            }
        }
    }

    /// Called when all replies have come. Bytes beyond them could be taken for the next reply.
    fn settle(&mut self) {
        self.spoiled = !self.decoder.buffer.is_empty();
        self.decoder.shrink();
    }

    /// Whether the connection can be used again.
    pub(super) const fn is_good(&self) -> bool {
        !self.spoiled
    }

    /// Reads up to `missing` bytes, at least one.
    fn read(&mut self, missing: usize, deadline: Instant) -> Result<(), RedisError> {
        self.decoder.reserve(missing);
        let have = self.decoder.buffer.len();
        let most = missing.min(self.decoder.room()).min(READ);
        self.decoder.buffer.resize(have + most, 0);
        let read = self.read_at(have, deadline);
        self.decoder
            .buffer
            .truncate(have + read.as_ref().copied().unwrap_or(0));
        match read? {
            0 => Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
            _ => Ok(()),
        }
    }

    fn read_at(&mut self, have: usize, deadline: Instant) -> io::Result<usize> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            match self.stream.wait(left) {
                Ok(true) => {}
                Ok(false) => return Err(ErrorKind::TimedOut.into()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            match self.stream.read(&mut self.decoder.buffer[have..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Err(ErrorKind::TimedOut.into());
                }
                read => return read,
            }
        }
    }
}

fn stream(address: &ConnectionAddr, budget: Duration) -> Result<Box<dyn Stream>, RedisError> {
    match address {
        ConnectionAddr::Tcp(host, port) => {
            let mut last_error = io::Error::from(ErrorKind::AddrNotAvailable);
            for address in (host.as_str(), *port).to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, budget) {
                    Ok(stream) => {
                        login::prepare(&stream)?;
                        stream.set_write_timeout(Some(budget))?;
                        return Ok(Box::new(stream));
                    }
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

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, sync::Mutex};

    use cache_fuzz::{Unstructured, fuzz, mutate, peak};
    use redis::IntoConnectionInfo as _;

    use super::{super::decoder::AHEAD, *};

    /// A stream that gives no read more than one piece.
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
        fn wait(&self, _most: Duration) -> io::Result<bool> {
            Ok(true)
        }
    }

    fn connection(pieces: &[&[u8]]) -> Blocking {
        let pieces = pieces.iter().map(|piece| piece.to_vec()).collect();
        Blocking {
            stream: Box::new(Pieces(Mutex::new(pieces))),
            decoder: Decoder::default(),
            spoiled: false,
        }
    }

    fn request(connection: &mut Blocking) -> Result<Reply, RedisError> {
        connection.request(b"GET", Instant::now() + Duration::from_secs(60))
    }

    #[test]
    fn a_reply_in_pieces_is_put_together() {
        let mut connection = connection(&[b"$", b"4\r", b"\nab", b"cd\r\n"]);
        let reply = request(&mut connection).unwrap();
        assert_eq!(reply, Reply::Value("abcd".into()));
        assert!(connection.is_good());
        assert!(request(&mut connection).unwrap_err().is_timeout());
        assert!(!connection.is_good());
    }

    #[test]
    fn a_value_that_is_only_announced_reserves_little() {
        let mut connection = connection(&[b"$536870912\r\nabc"]);
        assert!(request(&mut connection).unwrap_err().is_timeout());
        assert!(connection.decoder.buffer.capacity() < 2 * AHEAD);
    }

    #[test]
    fn what_comes_without_being_asked_for_spoils_the_connection() {
        let mut connection = connection(&[b"$1\r\na\r\n$1\r\nb\r\n"]);
        assert_eq!(request(&mut connection).unwrap(), Reply::Value("a".into()));
        assert!(!connection.is_good());
    }

    #[test]
    fn a_push_is_no_reply() {
        let push = b">2\r\n$10\r\ninvalidate\r\n_\r\n";
        let replies = [push, &b"$1\r\na\r\n"[..]].concat();
        let mut connection = connection(&[&replies, push]);
        assert_eq!(request(&mut connection).unwrap(), Reply::Value("a".into()));
        assert!(connection.is_good());
        assert!(request(&mut connection).unwrap_err().is_timeout());
    }

    #[test]
    fn the_greeting_goes_out_at_once_and_each_answer_is_checked() {
        let server = "redis://:secret@localhost".into_connection_info().unwrap();
        let greet = |answers: &[&[u8]]| {
            let mut connection = connection(answers);
            let deadline = Instant::now() + Duration::from_secs(60);
            let greeted = connection.greet(&Greeting::of(&server), deadline);
            greeted.map(|()| connection.is_good())
        };
        assert_eq!(greet(&[b"+O", b"K\r\n+PONG\r\n"]), Ok(true));
        assert_eq!(greet(&[b"+OK\r\n-NOPERM no\r\n"]), Ok(true));
        assert_eq!(greet(&[b"+OK\r\n+PONG\r\n+PONG\r\n"]), Ok(false));
        assert!(greet(&[b"+OK\r\n"]).unwrap_err().is_timeout());
        let denied = greet(&[b"-WRONGPASS no\r\n-NOAUTH no\r\n"]);
        assert_eq!(denied.unwrap_err().code(), Some("WRONGPASS"));
    }

    /// Replies as a server sends them, mostly damaged.
    fn replies(u: &mut Unstructured<'_>) -> cache_fuzz::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for _ in 0..u.int_in_range(1..=3)? {
            match u.int_in_range(0..=4)? {
                0 => bytes.extend_from_slice(b"$-1\r\n"),
                1 => bytes.extend_from_slice(u.choose(&[&b"+OK\r\n"[..], b":12\r\n"])?),
                2 => bytes.extend_from_slice(u.choose(&[
                    &b"-MOVED 1 a:2\r\n"[..],
                    b"-ASK 1 :x\r\n",
                    b"-ERR\r\n",
                    b"-\r\n",
                ])?),
                3 => {
                    let value = vec![7; u.int_in_range(0..=200_000)?];
                    bytes.extend_from_slice(format!("${}\r\n", value.len()).as_bytes());
                    bytes.extend(value);
                    bytes.extend_from_slice(b"\r\n");
                }
                _ => {
                    let value = u.bytes(u.len().min(20))?;
                    bytes.extend_from_slice(format!("${}\r\n", value.len()).as_bytes());
                    bytes.extend_from_slice(value);
                    bytes.extend_from_slice(b"\r\n");
                }
            }
        }
        let words: [&[u8]; 7] = [b"\r\n", b"$536870912\r\n", b"$-1", b"*", b"$", b"-", b"9"];
        if u.ratio(3, 4)? {
            mutate(&mut bytes, &words, u)?;
        }
        Ok(bytes)
    }

    fn pieces(bytes: &[u8], u: &mut Unstructured<'_>) -> cache_fuzz::Result<Vec<Vec<u8>>> {
        let mut pieces = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            // Mostly a few bytes, but at most some 500 pieces.
            let least = 1 + bytes.len() / 500;
            let most = if u.ratio(1, 8)? {
                rest.len()
            } else {
                least + 5
            };
            let len = u.int_in_range(least..=most.max(least))?.min(rest.len());
            let (piece, others) = rest.split_at(len);
            pieces.push(piece.to_vec());
            rest = others;
        }
        Ok(pieces)
    }

    /// All replies, up to and including the first error (`None`).
    fn read_all(pieces: &[Vec<u8>]) -> Vec<Option<Reply>> {
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let mut connection = connection(&pieces);
        let mut read = Vec::new();
        while !matches!(read.last(), Some(None)) {
            read.push(request(&mut connection).ok());
        }
        read
    }

    #[test]
    fn replies_of_any_bytes_in_any_pieces() {
        fuzz(2_000, |u| {
            let bytes = if u.ratio(1, 8)? {
                u.bytes(u.len() / 2)?.to_vec()
            } else {
                replies(u)?
            };
            let pieces = pieces(&bytes, u)?;
            let whole = read_all(std::slice::from_ref(&bytes));
            let (read, used) = peak(|| read_all(&pieces));
            assert_eq!(read, whole);
            assert!(
                used <= 6 * bytes.len() + AHEAD + 128 * 1024,
                "{used} bytes to read {}",
                bytes.len()
            );
            Ok(())
        });
    }

    #[test]
    fn a_deadline_that_has_passed_is_a_timeout() {
        let mut connection = connection(&[b"$1\r\na\r\n"]);
        let error = connection.request(b"GET", Instant::now()).unwrap_err();
        assert!(error.is_timeout());
    }
}
