//! A connection on which many tasks of one runtime look up at once.
//!
//! What they ask goes out together, in one write, and what comes in is handed out in order. Nothing is allocated for a
//! request but the channel on which its answer comes back.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, ErrorKind, Write as _},
    pin::{Pin, pin},
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::BytesMut;
use redis::{ConnectionAddr, ConnectionInfo, RedisError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    task::{coop::consume_budget, yield_now},
    time::sleep,
};
use tokio_util::either::Either;

use super::{
    login,
    reply::{Incomplete, Reply, nonsense},
};

/// The most requests that may be on their way.
const IN_FLIGHT: usize = 8192;

/// How much is read at once.
const READ: usize = 16 * 1024;

/// After so many replies those who asked have their turn, whatever else there is to read.
const TURN: usize = 1024;

/// So often a turn reads without the runtime counting it.
const FREE_READS: u32 = 16;

/// A buffer that has grown beyond this is not kept.
const KEEP: usize = 256 * 1024;

/// What those who ask and the task that drives the connection share.
#[derive(Debug, Default)]
pub(super) struct Wire {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What is to be written next.
    out: Vec<u8>,
    /// Whom the replies are for, in their order.
    waiting: VecDeque<oneshot::Sender<Reply>>,
    /// The task that drives the connection.
    driver: Option<Waker>,
    /// Whether the driver has found nothing to write, and is to be woken when there is something.
    is_idle: bool,
    /// How often something was asked.
    asked: u64,
    closed: bool,
}

impl State {
    fn is_driven_by(&mut self, waker: &Waker) {
        if !self
            .driver
            .as_ref()
            .is_some_and(|known| known.will_wake(waker))
        {
            self.driver = Some(waker.clone());
        }
    }
}

/// Makes the two ends of the way of a reply. Who waits at the second learns there if the connection is lost.
pub(super) type Channel<R> = fn() -> (oneshot::Sender<Reply>, R);

impl Wire {
    /// Asks for `key`; `channel` makes the ends that fit the caller. `None` where the connection is lost, or too much is
    /// asked already.
    pub(super) fn get<R>(&self, key: &str, channel: Channel<R>) -> Option<R> {
        self.ask(channel, |out| {
            // Writing to memory can't fail.
            _ = write!(out, "*2\r\n$3\r\nGET\r\n${}\r\n{key}\r\n", key.len());
        })
    }

    /// Asks whether the connection is still good.
    pub(super) fn ping(&self) -> Option<oneshot::AsyncReceiver<Reply>> {
        self.ask(oneshot::async_channel, |out| {
            out.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
        })
    }

    fn ask<R>(&self, channel: Channel<R>, write: impl FnOnce(&mut Vec<u8>)) -> Option<R> {
        let mut state = self.state();
        if state.closed || state.waiting.len() >= IN_FLIGHT {
            return None;
        }
        let (sender, reply) = channel();
        state.asked += 1;
        write(&mut state.out);
        state.waiting.push_back(sender);
        let driver = std::mem::take(&mut state.is_idle).then(|| state.driver.take());
        drop(state);
        if let Some(driver) = driver.flatten() {
            driver.wake();
        }
        Some(reply)
    }

    /// Returns once nothing was asked for so long.
    pub(super) async fn unused_for(&self, time: Duration) {
        let mut before = self.state().asked;
        loop {
            sleep(time).await;
            let state = self.state();
            let is_unused = state.asked == before && state.waiting.is_empty();
            before = state.asked;
            drop(state);
            if is_unused {
                return;
            }
        }
    }

    /// Ends the connection: who waits is told so, and the driver.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.out = Vec::new();
        let driver = state.driver.take();
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Drives the connection for as long as it is good.
    pub(super) async fn drive(&self, stream: &mut Stream) -> Result<(), RedisError> {
        let mut outgoing = Outgoing::default();
        let mut incoming = Incoming::default();
        loop {
            poll_fn(|context| {
                loop {
                    let blocked = self
                        .poll_write(context, stream, &mut outgoing)?
                        .is_pending();
                    let read = incoming.poll_read(context, stream)?;
                    if read.is_ready() || self.is_asleep(context, blocked)? {
                        return read.map(Ok::<_, RedisError>);
                    }
                }
            })
            .await?;
            let has_many = incoming.replies.len() > 1;
            let others_wait = self.hand_out(&mut incoming)?;
            incoming.more_is_likely = has_many || others_wait;
            if has_many {
                // Those who have been answered ask again, and all of that goes out in one write.
                yield_now().await;
            } else {
                consume_budget().await;
            }
        }
    }

    /// Writes what is asked.
    fn poll_write(
        &self,
        context: &mut Context<'_>,
        stream: &mut Stream,
        outgoing: &mut Outgoing,
    ) -> Poll<io::Result<()>> {
        if outgoing.is_written() {
            outgoing.clear();
            std::mem::swap(&mut self.state().out, &mut outgoing.bytes);
        }
        outgoing.poll_write(context, stream)
    }

    /// Has who asks next wake the driver, unless something is asked already that can be written.
    fn is_asleep(&self, context: &Context<'_>, blocked: bool) -> io::Result<bool> {
        let mut state = self.state();
        if state.closed {
            return Err(ErrorKind::NotConnected.into());
        }
        state.is_driven_by(context.waker());
        state.is_idle = !blocked && state.out.is_empty();
        Ok(state.is_idle || blocked)
    }

    /// Tells whether there are others who wait.
    fn hand_out(&self, incoming: &mut Incoming) -> Result<bool, RedisError> {
        let replies = &mut incoming.replies;
        let mut state = self.state();
        if state.waiting.len() < replies.len() {
            // Nobody has asked for that.
            return Err(nonsense());
        }
        incoming.askers.extend(state.waiting.drain(..replies.len()));
        let others_wait = !state.waiting.is_empty();
        drop(state);
        for (asker, reply) in incoming.askers.drain(..).zip(replies.drain(..)) {
            // One who has gone away needs no answer.
            drop(asker.send(reply));
        }
        Ok(others_wait)
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

    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut Stream,
    ) -> Poll<io::Result<()>> {
        while !self.is_written() {
            let rest = &self.bytes[self.written..];
            self.written += ready!(Pin::new(&mut *stream).poll_write(context, rest))?;
        }
        Poll::Ready(Ok(()))
    }
}

/// What has been read.
#[derive(Debug, Default)]
struct Incoming {
    buffer: BytesMut,
    replies: Vec<Reply>,
    /// Whom the replies are for; kept for its memory.
    askers: Vec<oneshot::Sender<Reply>>,
    more_is_likely: bool,
}

impl Incoming {
    /// Reads until there are replies.
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut Stream,
    ) -> Poll<Result<(), RedisError>> {
        let mut next = READ;
        let mut reads = 0;
        loop {
            self.buffer.reserve(next);
            let room = self.buffer.capacity() - self.buffer.len();
            let is_free = self.more_is_likely && reads < FREE_READS;
            reads += 1;
            let read = match self.poll_read_once(context, stream, is_free)? {
                Poll::Ready(0) => return Poll::Ready(Err(end_of_file())),
                Poll::Ready(read) => read,
                Poll::Pending if self.replies.is_empty() => return Poll::Pending,
                Poll::Pending => return Poll::Ready(Ok(())),
            };
            next = loop {
                match Reply::take(&mut self.buffer) {
                    Ok(reply) => self.replies.push(reply),
                    Err(Incomplete::Missing(bytes)) => break bytes.max(READ),
                    Err(Incomplete::Nonsense) => return Poll::Ready(Err(nonsense())),
                }
            };
            if self.buffer.is_empty() && self.buffer.capacity() > KEEP {
                self.buffer = BytesMut::new();
            }
            // Where the room was not filled there is no more: that need not be asked.
            let is_drained = read < room && !self.replies.is_empty();
            if is_drained || self.replies.len() >= TURN {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn poll_read_once(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut Stream,
        is_free: bool,
    ) -> Poll<io::Result<usize>> {
        let buffer = &mut self.buffer;
        if is_free {
            // To the runtime, a socket whose bytes did not fill the room is empty, until it has asked the kernel anew. That
            // spares a lone caller a system call; where many wait, the next replies are there before it asks.
            let read = match &*stream {
                Either::Left(stream) => stream.try_read_buf(buffer),
                Either::Right(stream) => stream.try_read_buf(buffer),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read),
            }
        }
        pin!(stream.read_buf(buffer)).poll(context)
    }
}

/// What is read and written.
#[cfg(unix)]
pub(super) type Stream = Either<TcpStream, tokio::net::UnixStream>;
#[cfg(not(unix))]
pub(super) type Stream = Either<TcpStream, TcpStream>;

/// Connects and logs in.
pub(super) async fn connect(server: &ConnectionInfo) -> Result<Stream, RedisError> {
    let mut stream = match server.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            login::prepare(&stream)?;
            Stream::Left(stream)
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => Stream::Right(tokio::net::UnixStream::connect(path).await?),
        _ => return Err(io::Error::from(ErrorKind::Unsupported).into()),
    };
    for command in login::commands(server) {
        let reply = tell(&mut stream, &command.get_packed_command()).await?;
        reply.obeyed()?;
    }
    let question = login::question().get_packed_command();
    tell(&mut stream, &question).await?.admits()?;
    Ok(stream)
}

/// Sends one command and waits for its reply.
async fn tell(stream: &mut Stream, packed: &[u8]) -> Result<Reply, RedisError> {
    stream.write_all(packed).await?;
    let mut buffer = BytesMut::new();
    loop {
        match Reply::take(&mut buffer) {
            Ok(reply) => return Ok(reply),
            Err(Incomplete::Nonsense) => return Err(nonsense()),
            Err(Incomplete::Missing(_)) => {}
        }
        buffer.reserve(READ);
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(end_of_file());
        }
    }
}

fn end_of_file() -> RedisError {
    io::Error::from(ErrorKind::UnexpectedEof).into()
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
        spawn(async move { driven.drive(&mut Stream::Right(ours)).await });
        let mut expected = Vec::new();
        let mut pending = Vec::new();
        for (n, len) in [LONG, 3, LONG, 1, 2].into_iter().enumerate() {
            let key = n.to_string().repeat(len);
            expected.extend(format!("*2\r\n$3\r\nGET\r\n${len}\r\n{key}\r\n").into_bytes());
            pending.push(wire.get(&key, oneshot::async_channel).unwrap());
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
        let drive = spawn(async move { driven.drive(&mut Stream::Right(ours)).await });
        drop(theirs);
        let reply = wire.get("key", oneshot::async_channel);
        assert!(drive.await.unwrap().is_err());
        wire.close();
        if let Some(reply) = reply {
            assert!(reply.await.is_err());
        }
        assert!(wire.get("key", oneshot::async_channel).is_none());
    }
}
