//! A connection on which many tasks of one runtime look up at once.
//!
//! What they ask goes out together, in one write, and what comes in is handed out in order. Nothing is allocated for a
//! request but the channel on which its answer comes back.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::BytesMut;
use redis::{ConnectionAddr, ConnectionInfo, RedisError};
use tokio::{io::Interest, net::TcpStream, sync::Notify, task::yield_now};

use super::{
    login,
    reply::{Incomplete, Reply, nonsense},
};

/// The most requests that may be on their way.
const IN_FLIGHT: usize = 8192;

/// How much is read at once.
const READ: usize = 16 * 1024;

/// After so many replies that came one by one those who got them have their turn.
const ONE_BY_ONE: u32 = 16;

/// A buffer that has grown beyond this is not kept.
const KEEP: usize = 256 * 1024;

/// What those who ask and the task that drives the connection share.
#[derive(Debug, Default)]
pub(super) struct Wire {
    state: Mutex<State>,
    asked: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// What is to be written next.
    out: Vec<u8>,
    /// Whom the replies are for, in their order.
    waiting: VecDeque<oneshot::Sender<Reply>>,
    closed: bool,
}

/// The reply to come; an error where the connection is lost.
pub(super) type Pending = oneshot::AsyncReceiver<Reply>;

impl Wire {
    /// Asks for `key`. `None` where the connection is lost, or too much is asked already.
    pub(super) fn get(&self, key: &str) -> Option<Pending> {
        self.ask(|out| {
            // Writing to memory can't fail.
            _ = write!(out, "*2\r\n$3\r\nGET\r\n${}\r\n{key}\r\n", key.len());
        })
    }

    /// Asks whether the connection is still good.
    pub(super) fn ping(&self) -> Option<Pending> {
        self.ask(|out| out.extend_from_slice(b"*1\r\n$4\r\nPING\r\n"))
    }

    fn ask(&self, write: impl FnOnce(&mut Vec<u8>)) -> Option<Pending> {
        let mut state = self.state();
        if state.closed || state.waiting.len() >= IN_FLIGHT {
            return None;
        }
        let (sender, reply) = oneshot::async_channel();
        write(&mut state.out);
        state.waiting.push_back(sender);
        drop(state);
        self.asked.notify_one();
        Some(reply)
    }

    /// Ends the connection: who waits is told so.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.out = Vec::new();
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
    }

    /// Drives the connection for as long as it is good.
    pub(super) async fn drive(&self, stream: &Stream) -> Result<(), RedisError> {
        let mut outgoing = Outgoing::default();
        let mut incoming = Incoming::default();
        let mut one_by_one = 0;
        loop {
            if outgoing.is_written() {
                outgoing.clear();
                self.take_out(&mut outgoing.bytes);
            }
            let blocked = !outgoing.write(stream)?;
            if incoming.read(stream)? {
                one_by_one += 1;
                let has_many = incoming.replies.len() > 1 || one_by_one == ONE_BY_ONE;
                self.hand_out(&mut incoming)?;
                if has_many {
                    one_by_one = 0;
                    // Those who have been answered ask again, and all of that goes out in one write.
                    yield_now().await;
                    continue;
                }
            }
            let interest = if blocked {
                Interest::READABLE | Interest::WRITABLE
            } else {
                Interest::READABLE
            };
            tokio::select! {
                ready = stream.ready(interest) => drop(ready?),
                () = self.asked.notified(), if !blocked => {}
            }
        }
    }

    fn hand_out(&self, incoming: &mut Incoming) -> Result<(), RedisError> {
        let replies = &mut incoming.replies;
        let mut state = self.state();
        if state.waiting.len() < replies.len() {
            // Nobody has asked for that.
            return Err(nonsense());
        }
        incoming.askers.extend(state.waiting.drain(..replies.len()));
        drop(state);
        for (asker, reply) in incoming.askers.drain(..).zip(replies.drain(..)) {
            // One who has gone away needs no answer.
            drop(asker.send(reply));
        }
        Ok(())
    }

    fn take_out(&self, out: &mut Vec<u8>) {
        std::mem::swap(&mut self.state().out, out);
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is being written.
#[derive(Debug, Default)]
struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
}

impl Outgoing {
    fn is_written(&self) -> bool {
        self.written == self.bytes.len()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEEP);
        self.written = 0;
    }

    /// Tells whether all of it could be written.
    fn write(&mut self, stream: &Stream) -> io::Result<bool> {
        while !self.is_written() {
            match later(stream.try_write(&self.bytes[self.written..]))? {
                Some(more) => self.written += more,
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// What has been read.
#[derive(Debug, Default)]
struct Incoming {
    buffer: BytesMut,
    replies: Vec<Reply>,
    /// Whom the replies are for; kept for its memory.
    askers: Vec<oneshot::Sender<Reply>>,
}

impl Incoming {
    /// Reads what is there. Tells whether there are replies.
    fn read(&mut self, stream: &Stream) -> Result<bool, RedisError> {
        let mut next = READ;
        loop {
            self.buffer.reserve(next);
            let room = self.buffer.capacity() - self.buffer.len();
            let read = match later(stream.try_read_buf(&mut self.buffer))? {
                Some(0) => return Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
                Some(read) => read,
                None => return Ok(!self.replies.is_empty()),
            };
            next = loop {
                match Reply::take(&mut self.buffer) {
                    Ok(reply) => self.replies.push(reply),
                    Err(Incomplete::Missing(bytes)) => break bytes.max(READ),
                    Err(Incomplete::Nonsense) => return Err(nonsense()),
                }
            };
            if self.buffer.is_empty() && self.buffer.capacity() > KEEP {
                self.buffer = BytesMut::new();
            }
            // Where the room was not filled there is no more: that need not be asked.
            if read < room && !self.replies.is_empty() {
                return Ok(true);
            }
        }
    }
}

/// What is read and written.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

impl Stream {
    /// Connects and logs in.
    pub(super) async fn connect(server: &ConnectionInfo) -> Result<Self, RedisError> {
        let stream = match server.addr() {
            ConnectionAddr::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                login::prepare(&stream)?;
                Self::Tcp(stream)
            }
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => Self::Unix(tokio::net::UnixStream::connect(path).await?),
            _ => return Err(io::Error::from(ErrorKind::Unsupported).into()),
        };
        for command in login::commands(server) {
            stream.tell(&command.get_packed_command()).await?;
        }
        Ok(stream)
    }

    async fn tell(&self, packed: &[u8]) -> Result<(), RedisError> {
        let mut written = 0;
        while written < packed.len() {
            self.ready(Interest::WRITABLE).await?;
            written += later(self.try_write(&packed[written..]))?.unwrap_or(0);
        }
        let mut buffer = BytesMut::new();
        loop {
            match Reply::take(&mut buffer) {
                Ok(reply) => return reply.obeyed(),
                Err(Incomplete::Nonsense) => return Err(nonsense()),
                Err(Incomplete::Missing(_)) => {}
            }
            self.ready(Interest::READABLE).await?;
            buffer.reserve(READ);
            if later(self.try_read_buf(&mut buffer))? == Some(0) {
                return Err(io::Error::from(ErrorKind::UnexpectedEof).into());
            }
        }
    }

    async fn ready(&self, interest: Interest) -> io::Result<tokio::io::Ready> {
        match self {
            Self::Tcp(stream) => stream.ready(interest).await,
            #[cfg(unix)]
            Self::Unix(stream) => stream.ready(interest).await,
        }
    }

    fn try_read_buf(&self, to: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read_buf(to),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_read_buf(to),
        }
    }

    fn try_write(&self, from: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(from),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_write(from),
        }
    }
}

/// `None` where it is to be tried again.
fn later(done: io::Result<usize>) -> io::Result<Option<usize>> {
    match done {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        done => done.map(Some),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::Arc;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::UnixStream,
        spawn,
    };

    use super::{super::Lookup, *};

    /// More than a socket takes at once.
    const LONG: usize = 1024 * 1024;

    #[tokio::test]
    async fn what_is_asked_goes_out_in_order_however_much_a_write_takes() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let wire = Arc::new(Wire::default());
        let driven = Arc::clone(&wire);
        spawn(async move { driven.drive(&Stream::Unix(ours)).await });
        let mut expected = Vec::new();
        let mut pending = Vec::new();
        for (n, len) in [LONG, 3, LONG, 1, 2].into_iter().enumerate() {
            let key = n.to_string().repeat(len);
            expected.extend(format!("*2\r\n$3\r\nGET\r\n${len}\r\n{key}\r\n").into_bytes());
            pending.push(wire.get(&key).unwrap());
        }
        let mut asked = vec![0; expected.len()];
        theirs.read_exact(&mut asked).await.unwrap();
        assert!(asked == expected);
        theirs.write_all(&b"$-1\r\n".repeat(5)).await.unwrap();
        for reply in pending {
            assert!(matches!(reply.await.unwrap().answer(), Ok(Lookup::Absent)));
        }
    }

    #[tokio::test]
    async fn who_asks_where_nobody_reads_any_more_is_told_so() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let wire = Arc::new(Wire::default());
        let driven = Arc::clone(&wire);
        let drive = spawn(async move { driven.drive(&Stream::Unix(ours)).await });
        drop(theirs);
        let reply = wire.get("key");
        assert!(drive.await.unwrap().is_err());
        wire.close();
        if let Some(reply) = reply {
            assert!(reply.await.is_err());
        }
        assert!(wire.get("key").is_none());
    }
}
