use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering as Order},
    },
    time::Duration,
};

use redis::{Client, ProtocolVersion, RedisConnectionInfo, Value, aio::MultiplexedConnection};
use tokio::{
    io::{
        AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, DuplexStream,
        duplex,
    },
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::{
    super::{connect::config, fake::line},
    *,
};

const HELLO: &str = "%1\r\n+mode\r\n+standalone";

/// How an attempt to connect fails.
enum Attempt {
    Fails,
    Hangs,
}

/// A server on pipes within the process, with its answers and its record of requests.
struct Places {
    /// The attempts that fail; those after them succeed.
    attempts: Mutex<VecDeque<Attempt>>,
    /// When each attempt began.
    attempted: Mutex<Vec<Instant>>,
    /// The answer to a `PING`; with `None` it gets no answer.
    pong: Mutex<Option<&'static str>>,
    hello: Mutex<&'static str>,
    /// The answer to all other commands.
    other: Mutex<&'static str>,
    /// The number of other commands: the greeting.
    greeted: AtomicUsize,
    /// Ends the connection.
    close: Notify,
}

impl Opens for Arc<Places> {
    async fn open(
        &self,
        _place: &Client,
        closed: Arc<Notify>,
    ) -> Result<MultiplexedConnection, RedisError> {
        self.attempted.lock().unwrap().push(Instant::now());
        let attempt = self.attempts.lock().unwrap().pop_front();
        match attempt {
            Some(Attempt::Fails) => return Err(RedisError::from((ErrorKind::Io, "refused"))),
            Some(Attempt::Hangs) => std::future::pending().await,
            None => {}
        }
        let (near, far) = duplex(1 << 16);
        let server = Arc::clone(self);
        tokio::spawn(async move {
            tokio::select! {
                () = server.serve(far) => {}
                () = server.close.notified() => {}
            }
        });
        let login = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3);
        let (connection, driver) =
            MultiplexedConnection::new_with_config(&login, near, config(closed)).await?;
        tokio::spawn(driver);
        Ok(connection)
    }
}

impl Places {
    async fn serve(&self, stream: DuplexStream) {
        let (reader, mut writer) = tokio::io::split(stream);
        let mut reader = tokio::io::BufReader::new(reader);
        while let Ok(name) = command(&mut reader).await {
            let answer = match name.as_slice() {
                b"PING" => *self.pong.lock().unwrap(),
                b"HELLO" => Some(*self.hello.lock().unwrap()),
                b"CLIENT" => Some("+OK"),
                b"INFO" => Some("-NOPERM no permissions"),
                _ => {
                    self.greeted.fetch_add(1, Order::Relaxed);
                    Some(*self.other.lock().unwrap())
                }
            };
            if let Some(answer) = answer {
                let answer = format!("{answer}\r\n");
                if writer.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads a command; returns its first word.
async fn command(reader: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut words = Vec::new();
    for _ in 0..number(reader).await? {
        let mut word = vec![0; number(reader).await? + 2];
        reader.read_exact(&mut word).await?;
        word.truncate(word.len() - 2);
        words.push(word);
    }
    Ok(words.swap_remove(0))
}

/// Reads a RESP length line: a mark and a number.
async fn number(reader: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<usize> {
    let mut line = String::new();
    reader.read_line(&mut line).await?;
    let number = line.get(1..).and_then(|number| number.trim().parse().ok());
    number.ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
}

/// A running supervisor.
struct World {
    places: Arc<Places>,
    supervisor: Arc<ConnectionSupervisor>,
    retired: CancellationToken,
    changes: Arc<Mutex<Vec<Change>>>,
    keeps: JoinHandle<()>,
}

const UP: Change = Change::Up { in_cluster: false };

impl World {
    fn begin(attempts: impl IntoIterator<Item = Attempt>) -> Self {
        Self::begin_with(attempts, |_| {})
    }

    fn begin_with(
        attempts: impl IntoIterator<Item = Attempt>,
        prepare: impl FnOnce(&Places),
    ) -> Self {
        let places = Arc::new(Places {
            attempts: Mutex::new(attempts.into_iter().collect()),
            attempted: Mutex::default(),
            pong: Mutex::new(Some("+PONG")),
            hello: Mutex::new(HELLO),
            other: Mutex::new("+OK"),
            greeted: AtomicUsize::new(0),
            close: Notify::new(),
        });
        prepare(&places);
        let supervisor = Arc::new(ConnectionSupervisor::new());
        let (retired, changes) = (
            CancellationToken::new(),
            Arc::<Mutex<Vec<Change>>>::default(),
        );
        let keeps = tokio::spawn({
            let (places, supervisor) = (Arc::clone(&places), Arc::clone(&supervisor));
            let (retired, changes) = (retired.clone(), Arc::clone(&changes));
            async move {
                let server = "redis://127.0.0.1:1".parse();
                let source = Source::fixed(server.unwrap()).unwrap();
                let greeting = [redis::cmd("GREET"), redis::cmd("GREET")];
                let tell = |change| changes.lock().unwrap().push(change);
                supervisor
                    .keep(&places, &source, "fake", &greeting, &retired, tell)
                    .await;
            }
        });
        Self {
            places,
            supervisor,
            retired,
            changes,
            keeps,
        }
    }

    /// The changes since the last call.
    fn changes(&self) -> Vec<Change> {
        std::mem::take(&mut *self.changes.lock().unwrap())
    }

    /// A supervisor whose connection is up.
    async fn up() -> Self {
        let world = Self::begin([]);
        assert!(world.supervisor.connection().await.is_some());
        settle().await;
        assert_eq!(world.changes(), [UP]);
        world
    }

    fn reason(&self) -> String {
        let reason = self.supervisor.reason();
        reason.map(|reason| reason.to_string()).unwrap_or_default()
    }

    /// Checks that the connection goes down within `time`, is made again, and then works.
    async fn goes_down_within(&self, time: Duration, reason: &str) {
        let began = Instant::now();
        while self.supervisor.connectivity() == Connectivity::Up {
            sleep(Duration::from_millis(1)).await;
        }
        let took = began.elapsed();
        assert!(took <= time + Duration::from_millis(2), "{took:?}");
        assert!(self.reason().contains(reason), "{}", self.reason());
        assert!(self.supervisor.connection().await.is_none());
        *self.places.pong.lock().unwrap() = Some("+PONG");
        while self.supervisor.connectivity() != Connectivity::Up {
            sleep(Duration::from_millis(1)).await;
        }
        settle().await;
        assert_eq!(self.changes(), [Change::Down, UP]);
        assert_eq!(self.reason(), "");
    }
}

/// Lets all other tasks run as far as they can.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn attempts_that_fail_are_repeated_less_and_less_often() {
    let world = World::begin((0..8).map(|_| Attempt::Fails));
    assert_eq!(world.supervisor.connectivity(), Connectivity::Connecting);
    assert!(world.supervisor.connection().await.is_none());
    assert!(world.reason().contains("refused"));
    while world.supervisor.connectivity() != Connectivity::Up {
        sleep(Duration::from_millis(1)).await;
    }
    settle().await;
    let mut expected = vec![Change::Unreachable; 8];
    expected.push(UP);
    assert_eq!(world.changes(), expected);
    assert_eq!(world.reason(), "");
    let attempted = world.places.attempted.lock().unwrap().clone();
    let mut longest = Duration::from_millis(50);
    for pair in attempted.windows(2) {
        let wait = pair[1] - pair[0];
        // The clock of the runtime counts in milliseconds.
        let wait_at_most = longest + Duration::from_millis(2);
        assert!(wait >= longest / 2 && wait <= wait_at_most, "{wait:?}");
        longest = (longest * 2).min(Duration::from_secs(1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_ends_after_a_second() {
    let world = World::begin([Attempt::Hangs]);
    let began = Instant::now();
    assert!(world.supervisor.connection().await.is_none());
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    assert!(world.reason().contains("within a second"));
    settle().await;
    assert_eq!(world.changes(), [Change::Unreachable]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_closed_is_down_at_once_and_made_again() {
    let world = World::up().await;
    world.places.close.notify_one();
    world.goes_down_within(Duration::ZERO, "closed").await;
    // An earlier failure does not make the next waits longer.
    world.places.close.notify_one();
    world.goes_down_within(Duration::ZERO, "closed").await;
    let attempted = world.places.attempted.lock().unwrap().clone();
    assert_eq!(attempted.len(), 3);
    assert!(attempted[2] - attempted[1] <= Duration::from_millis(60));
}

#[tokio::test(start_paused = true)]
async fn a_ping_without_an_answer_takes_the_connection_down() {
    let world = World::up().await;
    *world.places.pong.lock().unwrap() = None;
    world.supervisor.request_ping();
    world.goes_down_within(PING, "within a second").await;
    // The regular `PING` finds it out as well, without a request.
    *world.places.pong.lock().unwrap() = None;
    world
        .goes_down_within(WATCH + PING, "within a second")
        .await;
}

#[tokio::test(start_paused = true)]
async fn another_server_takes_the_connection_down() {
    for another in [":1", "+OK", "$4\r\nPONG", "-NOAUTH Authentication required"] {
        let world = World::up().await;
        *world.places.pong.lock().unwrap() = Some(another);
        world.supervisor.request_ping();
        world
            .goes_down_within(Duration::ZERO, "the one that was meant")
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_is_an_answer() {
    for error in ["-LOADING Redis is loading", "-BUSY x", "-NOPERM x"] {
        let world = World::up().await;
        *world.places.pong.lock().unwrap() = Some(error);
        world.supervisor.request_ping();
        settle().await;
        assert_eq!(world.changes(), [Change::Tried], "{error}");
        assert_eq!(world.supervisor.connectivity(), Connectivity::Up);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_nobody_doubts_is_tried_now_and_then() {
    let world = World::up().await;
    sleep(WATCH * 5 + WATCH / 2).await;
    assert_eq!(world.changes(), [Change::Tried; 5]);
    // The first request begins a `PING`; all others together cause one more.
    for _ in 0..5 {
        world.supervisor.request_ping();
    }
    settle().await;
    assert_eq!(world.changes(), [Change::Tried; 2]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_retired_stays_down() {
    let connecting = World::begin([Attempt::Hangs]);
    let waiting = World::begin((0..100).map(|_| Attempt::Fails));
    let up = World::up().await;
    let trying = World::up().await;
    *trying.places.pong.lock().unwrap() = None;
    trying.supervisor.request_ping();
    settle().await;
    for world in [connecting, waiting, up, trying] {
        world.retired.cancel();
        world.keeps.await.unwrap();
        assert_eq!(world.supervisor.connectivity(), Connectivity::Down);
        assert!(world.supervisor.connection().await.is_none());
        let changes = std::mem::take(&mut *world.changes.lock().unwrap());
        assert_eq!(changes.last(), Some(&Change::Down));
        let attempts = world.places.attempted.lock().unwrap().len();
        sleep(Duration::from_secs(10)).await;
        assert_eq!(world.places.attempted.lock().unwrap().len(), attempts);
        assert!(world.changes.lock().unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn each_new_connection_is_greeted_and_may_refuse_the_greeting() {
    for other in ["+OK", "-NOPERM no permissions", "-LOADING x"] {
        let world = World::begin_with([], |places| *places.other.lock().unwrap() = other);
        assert!(world.supervisor.connection().await.is_some(), "{other}");
        assert_eq!(world.places.greeted.load(Order::Relaxed), 2);
        settle().await;
        world.changes();
        world.places.close.notify_one();
        world.goes_down_within(Duration::ZERO, "closed").await;
        assert_eq!(world.places.greeted.load(Order::Relaxed), 4);
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_is_not_meant_is_not_taken_up() {
    for pong in [Some("+OK"), Some("-NOAUTH Authentication required"), None] {
        let world = World::begin_with([], |places| *places.pong.lock().unwrap() = pong);
        assert!(world.supervisor.connection().await.is_none());
        settle().await;
        assert_eq!(world.changes(), [Change::Unreachable]);
        *world.places.pong.lock().unwrap() = Some("+PONG");
        while world.supervisor.connectivity() != Connectivity::Up {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_of_a_cluster_says_so() {
    let hello = "%1\r\n+mode\r\n+cluster";
    assert!(matches!(line(hello), Value::Map(_)));
    let world = World::begin_with([], |places| *places.hello.lock().unwrap() = hello);
    assert!(world.supervisor.connection().await.is_some());
    settle().await;
    assert_eq!(world.changes(), [Change::Up { in_cluster: true }]);
}
