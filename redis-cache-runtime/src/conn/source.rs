//! How one server is found: at an address, or through sentinels.

use std::sync::{Mutex, PoisonError};

use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, RedisError, Value,
    aio::MultiplexedConnection,
};
use tokio::{task::JoinSet, time::timeout};

use super::login;
use crate::{config::at, limits::SENTINEL};

/// How to find one server.
#[derive(Debug)]
pub(crate) enum Source {
    Fixed(Box<Client>),
    Sentinel(Box<Sentinels>),
}

/// The sentinels that watch one primary.
#[derive(Debug)]
pub(crate) struct Sentinels {
    clients: Vec<Client>,
    master: String,
    /// How to log in to the primary, whose address the sentinels tell.
    server: ConnectionInfo,
    primary: Mutex<Option<Client>>,
}

impl Source {
    pub(crate) fn fixed(server: ConnectionInfo) -> Result<Self, RedisError> {
        Client::open(server).map(Box::new).map(Self::Fixed)
    }

    pub(crate) fn sentinels(
        sentinels: &[ConnectionInfo],
        master: &str,
        server: &ConnectionInfo,
    ) -> Result<Self, RedisError> {
        let clients = sentinels.iter().cloned().map(Client::open);
        Ok(Self::Sentinel(Box::new(Sentinels {
            clients: clients.collect::<Result<_, _>>()?,
            master: master.to_owned(),
            server: server.clone(),
            primary: Mutex::new(None),
        })))
    }

    /// Whether this crate can talk to the server by itself: TLS is left to the client library.
    pub(super) fn is_plain(&self) -> bool {
        login::is_possible(match self {
            Self::Fixed(client) => client.get_connection_info(),
            Self::Sentinel(sentinels) => &sentinels.server,
        })
    }

    /// The address at which the server was found last; `None` until then.
    pub(super) fn client(&self) -> Option<Client> {
        match self {
            Self::Fixed(client) => Some((**client).clone()),
            Self::Sentinel(sentinels) => sentinels
                .primary
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }

    /// The addresses to try, the likeliest first; at least one.
    pub(super) async fn find(&self) -> Result<Vec<Client>, RedisError> {
        match self {
            Self::Fixed(client) => Ok(vec![(**client).clone()]),
            Self::Sentinel(sentinels) => sentinels.find().await,
        }
    }

    /// Remembers that the server was found at `place`.
    pub(super) fn is_at(&self, place: &Client) {
        if let Self::Sentinel(sentinels) = self {
            let primary = sentinels.primary.lock();
            *primary.unwrap_or_else(PoisonError::into_inner) = Some(place.clone());
        }
    }

    /// The command that tries a connection. Behind sentinels it is `ROLE`: a demoted primary still answers `PING`.
    pub(super) fn question(&self) -> Cmd {
        match self {
            Self::Fixed(_) => redis::cmd("PING"),
            Self::Sentinel(_) => redis::cmd("ROLE"),
        }
    }

    /// Whether the answer to [`Source::question`] comes from the meant server.
    pub(super) fn is_meant(&self, answer: &Value) -> bool {
        match (self, answer) {
            // `PING` has no other answer: this one belongs to another request, or to none.
            (Self::Fixed(_), Value::SimpleString(pong)) => pong == "PONG",
            (_, Value::ServerError(error)) => error.code() != "NOAUTH",
            (Self::Sentinel(_), Value::Array(role)) => {
                matches!(role.first(), Some(Value::BulkString(role)) if role == b"master")
            }
            (Self::Fixed(_) | Self::Sentinel(_), _) => false,
        }
    }
}

impl Sentinels {
    /// Asks all sentinels, and sorts the addresses by votes: one sentinel may be out of date, or lie.
    async fn find(&self) -> Result<Vec<Client>, RedisError> {
        let mut asked = JoinSet::new();
        for sentinel in self.clients.iter().cloned() {
            let master = self.master.clone();
            asked.spawn(async move { timeout(SENTINEL, ask(sentinel, master)).await });
        }
        let mut named = Votes::default();
        let mut last_error = None;
        while let Some(answered) = asked.join_next().await {
            match answered {
                Ok(Ok(Ok(address))) => named.add(address),
                Ok(Ok(Err(error))) => last_error = Some(error),
                Ok(Err(_elapsed)) => {
                    last_error = Some(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
                }
                Err(_ended) => {}
            }
        }
        let places: Vec<_> = named
            .by_votes()
            .filter_map(|(host, port)| Client::open(at(&self.server, &host, port)).ok())
            .collect();
        if !places.is_empty() {
            return Ok(places);
        }
        Err(last_error.unwrap_or_else(|| {
            RedisError::from((
                ErrorKind::InvalidClientConfig,
                "no sentinel names a primary",
            ))
        }))
    }
}

/// How many sentinels have named each address, in the order of their answers.
#[derive(Debug, Default)]
struct Votes(Vec<((String, u16), usize)>);

impl Votes {
    fn add(&mut self, address: (String, u16)) {
        match self.0.iter_mut().find(|(known, _)| *known == address) {
            Some((_, votes)) => *votes += 1,
            None => self.0.push((address, 1)),
        }
    }

    fn by_votes(mut self) -> impl Iterator<Item = (String, u16)> {
        self.0.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
        self.0.into_iter().map(|(address, _)| address)
    }
}

/// Asks one sentinel where the primary is.
async fn ask(sentinel: Client, master: String) -> Result<(String, u16), RedisError> {
    let mut connection = once(&sentinel).await?;
    let answer: Option<(String, u16)> = redis::cmd("SENTINEL")
        .arg("GET-MASTER-ADDR-BY-NAME")
        .arg(&master)
        .query_async(&mut connection)
        .await?;
    answer.ok_or_else(|| {
        RedisError::from((
            ErrorKind::MasterNameNotFoundBySentinel,
            "the sentinels know no such primary",
        ))
    })
}

/// Opens a connection for one request.
pub(super) async fn once(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}
