//! A fake server for unit tests, without sockets.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use redis::{Arg, Cmd, ErrorKind, Pipeline, RedisError, Value};
use tokio::{sync::watch, time::sleep};

use super::{
    Allowance, News, Redirect, Redis, SlotRoute,
    breaker::Availability,
    lookup::{Answered, interpret},
    question,
};
use crate::outcome::{Failure, Lookup};

/// A command, by its words.
pub(crate) type Command = Vec<Vec<u8>>;

/// The fake's answer to a request: to one or more commands that are sent together.
pub(crate) enum Reply {
    /// The answers to the commands, in order.
    Answers(Vec<Value>),
    /// There is no connection.
    NoConnection,
    /// The connection is lost before anything is answered.
    Lost,
    /// No answer ever comes.
    Never,
}

/// Parses a RESP answer, given without the end of its last line.
pub(crate) fn line(line: &str) -> Value {
    redis::parse_redis_value(format!("{line}\r\n").as_bytes()).unwrap()
}

type Server = dyn FnMut(&[Command]) -> Reply + Send;

/// A server whose answers a test decides.
pub(crate) struct FakeRedis {
    server: Mutex<Box<Server>>,
    /// Whether answers are kept back.
    holds: watch::Sender<bool>,
    is_up: AtomicBool,
    state: Mutex<State>,
}

/// The fake's settings, and its record of requests.
struct State {
    availability: Availability,
    asked: Vec<Command>,
    requests: usize,
    pings: usize,
    discards: usize,
    followed: Vec<Redirect>,
}

impl fmt::Debug for FakeRedis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeRedis").finish_non_exhaustive()
    }
}

impl FakeRedis {
    /// `server` answers the commands of each request, and may do anything else that is to happen meanwhile.
    pub(crate) fn new(server: impl FnMut(&[Command]) -> Reply + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            server: Mutex::new(Box::new(server)),
            holds: watch::Sender::new(false),
            is_up: AtomicBool::new(true),
            state: Mutex::new(State {
                availability: Availability::Available,
                asked: Vec::new(),
                requests: 0,
                pings: 0,
                discards: 0,
                followed: Vec::new(),
            }),
        })
    }

    /// Keeps back all answers until [`release`](Self::release); the commands are executed meanwhile.
    pub(crate) fn hold(&self) {
        self.holds.send_replace(true);
    }

    pub(crate) fn release(&self) {
        self.holds.send_replace(false);
    }

    /// Whether there is a connection.
    pub(crate) fn set_up(&self, is_up: bool) {
        self.is_up.store(is_up, Ordering::SeqCst);
    }

    /// Whether the server is known not to be worth asking.
    pub(crate) fn set_unavailable(&self, is_unavailable: bool) {
        self.state().availability = if is_unavailable {
            Availability::Unavailable
        } else {
            Availability::Available
        };
    }

    /// All commands, in the order of their arrival.
    pub(crate) fn asked(&self) -> Vec<Command> {
        self.state().asked.clone()
    }

    /// The number of requests, each of one or more commands.
    pub(crate) fn requests(&self) -> usize {
        self.state().requests
    }

    /// How often a `PING` was requested.
    pub(crate) fn pings(&self) -> usize {
        self.state().pings
    }

    /// How often connections were discarded.
    pub(crate) fn discards(&self) -> usize {
        self.state().discards
    }

    /// The redirects that were followed.
    pub(crate) fn followed(&self) -> Vec<Redirect> {
        self.state().followed.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, commands: &[Command]) -> Reply {
        if !self.is_up.load(Ordering::SeqCst) {
            return Reply::NoConnection;
        }
        {
            let mut state = self.state();
            state.requests += 1;
            state.asked.extend_from_slice(commands);
        }
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        server(commands)
    }

    async fn ask(&self, commands: &[Command]) -> Reply {
        let reply = self.serve(commands);
        let mut holds = self.holds.subscribe();
        _ = holds.wait_for(|holds| !holds).await;
        reply
    }

    /// A look-up without an answer times out at once.
    async fn answered(&self, key: &str, news: Option<&News>) -> Answered {
        let get = words(&question::get(key));
        let commands = match news {
            Some(news) => vec![words(&news.question), get],
            None => vec![get],
        };
        let mut answers = match self.ask(&commands).await {
            Reply::Answers(answers) => answers,
            Reply::NoConnection => return Ok(Lookup::Failed(Failure::Unavailable)),
            Reply::Lost => return interpret(Err(lost())),
            Reply::Never => return Ok(Lookup::Failed(Failure::TimedOut)),
        };
        let answer = answers.pop().unwrap_or(Value::Okay);
        if let (Some(news), Some(told)) = (news, answers.pop()) {
            news.tell(&told);
        }
        interpret(Ok(answer))
    }
}

impl Redis for FakeRedis {
    fn availability(&self) -> Availability {
        self.state().availability
    }

    fn lookup_blocking(&self, key: &str, news: Option<&News>, allowance: Allowance) -> Lookup {
        pollster::block_on(self.lookup(key, news, allowance))
    }

    async fn lookup(&self, key: &str, news: Option<&News>, _: Allowance) -> Lookup {
        let redirect = match self.answered(key, news).await {
            Ok(lookup) => return lookup,
            Err(redirect) => redirect,
        };
        self.follow(&redirect);
        let answered = self.answered(key, news).await;
        answered.unwrap_or(Lookup::Failed(Failure::Refused))
    }

    async fn command(&self, command: &Cmd, budget: Duration) -> Option<Result<Value, RedisError>> {
        match self.ask(&[words(command)]).await {
            Reply::Answers(mut answers) => answers.pop().map(Ok),
            Reply::NoConnection => None,
            Reply::Lost => Some(Err(lost())),
            Reply::Never => {
                sleep(budget).await;
                self.request_ping();
                let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
                Some(Err(late.into()))
            }
        }
    }

    async fn exchange(&self, commands: &Pipeline) -> Option<Result<Vec<Value>, RedisError>> {
        let commands: Vec<_> = commands.cmd_iter().map(words).collect();
        match self.ask(&commands).await {
            Reply::Answers(answers) => Some(Ok(answers)),
            Reply::NoConnection => None,
            Reply::Lost => Some(Err(lost())),
            Reply::Never => std::future::pending().await,
        }
    }

    async fn is_up(&self) -> bool {
        self.is_up.load(Ordering::SeqCst)
    }

    fn follow(&self, redirect: &Redirect) {
        self.state().followed.push(redirect.clone());
    }

    fn request_ping(&self) {
        self.state().pings += 1;
    }

    fn discard_connections(&self) {
        self.state().discards += 1;
    }

    fn reason(&self) -> Option<RedisError> {
        (!self.is_up.load(Ordering::SeqCst)).then(lost)
    }

    fn address(&self) -> String {
        "redis://fake".to_owned()
    }
}

fn lost() -> RedisError {
    RedisError::from((ErrorKind::Io, "the connection was lost"))
}

fn words(command: &Cmd) -> Command {
    let words = command.args_iter().map(|word| match word {
        Arg::Simple(word) => word.to_vec(),
        _ => Vec::new(),
    });
    words.collect()
}

/// A server, or a fake of one.
#[derive(Debug)]
pub(crate) enum Route {
    Server(Arc<SlotRoute>),
    Fake(Arc<FakeRedis>),
}

impl From<Arc<SlotRoute>> for Route {
    fn from(server: Arc<SlotRoute>) -> Self {
        Self::Server(server)
    }
}

impl From<Arc<FakeRedis>> for Route {
    fn from(fake: Arc<FakeRedis>) -> Self {
        Self::Fake(fake)
    }
}

/// Forwards to the server or to the fake.
macro_rules! either {
    ($route:expr, $asked:ident => $answer:expr) => {
        match $route {
            Route::Server($asked) => $answer,
            Route::Fake($asked) => $answer,
        }
    };
}

impl Redis for Route {
    fn availability(&self) -> Availability {
        either!(self, redis => redis.availability())
    }

    fn lookup_blocking(&self, key: &str, news: Option<&News>, allowance: Allowance) -> Lookup {
        either!(self, redis => redis.lookup_blocking(key, news, allowance))
    }

    async fn lookup(&self, key: &str, news: Option<&News>, allowance: Allowance) -> Lookup {
        either!(self, redis => redis.lookup(key, news, allowance).await)
    }

    async fn command(&self, command: &Cmd, budget: Duration) -> Option<Result<Value, RedisError>> {
        either!(self, redis => redis.command(command, budget).await)
    }

    async fn exchange(&self, commands: &Pipeline) -> Option<Result<Vec<Value>, RedisError>> {
        either!(self, redis => redis.exchange(commands).await)
    }

    async fn is_up(&self) -> bool {
        either!(self, redis => redis.is_up().await)
    }

    fn follow(&self, redirect: &Redirect) {
        either!(self, redis => redis.follow(redirect));
    }

    fn request_ping(&self) {
        either!(self, redis => redis.request_ping());
    }

    fn discard_connections(&self) {
        either!(self, redis => redis.discard_connections());
    }

    fn reason(&self) -> Option<RedisError> {
        either!(self, redis => redis.reason())
    }

    fn address(&self) -> String {
        either!(self, redis => redis.address())
    }
}
