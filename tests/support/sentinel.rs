//! A primary, its replicas, and the sentinels that watch over them.

use std::time::Duration;

use redis::{Cmd, RedisResult};

use crate::inspect::server_info;
use crate::port::free_port;
use crate::server::RedisServer;
use crate::setup::Setup;
use crate::wait::{DEADLINE, holds_within};

const NAME: &str = "cache-tests";
const SENTINELS: usize = 3;

/// A stopped server accepts connections and then says nothing.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Real `redis-server`s on free loopback ports: a primary, its replicas, and three sentinels.
///
/// The servers, without the sentinels, are numbered from 0; number 0 starts as the primary. A
/// server that is silent for a second counts as failed when two sentinels agree.
#[derive(Debug)]
pub struct Sentinel {
    servers: Vec<RedisServer>,
    sentinels: Vec<RedisServer>,
}

impl Sentinel {
    /// Starts a primary with one replica, and waits until the sentinels could replace it.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(1)
    }

    /// Starts a primary with `replicas`, and waits until the sentinels could replace it.
    #[must_use]
    pub fn start_with(replicas: usize) -> Self {
        let primary = RedisServer::start_with(&NO_SYNC_DELAY);
        let port = primary.port();
        let mut servers = vec![primary];
        servers.extend((0..replicas).map(|_| start_replica(port)));
        let ready = holds_within(DEADLINE, || servers.iter().all(is_in_sync));
        assert!(
            ready,
            "not within {DEADLINE:?}: the replicas have their primary's data"
        );
        let set = Self {
            servers,
            sentinels: (0..SENTINELS).map(|_| start_sentinel(port)).collect(),
        };
        set.wait_until("the sentinels know one another and the replicas", || {
            set.sentinels.iter().all(|sentinel| {
                number(sentinel, "num-slaves") == Some(replicas)
                    && number(sentinel, "num-other-sentinels") == Some(SENTINELS - 1)
            })
        });
        set
    }

    /// The URLs of the sentinels.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.sentinels.iter().map(RedisServer::url).collect()
    }

    /// The name that the sentinels know the primary by.
    #[must_use]
    pub fn master_name(&self) -> &'static str {
        NAME
    }

    /// The URL by which a cache finds the primary.
    #[must_use]
    pub fn url(&self) -> String {
        let addresses = self.urls().join(",").replace("redis://", "");
        format!("redis+sentinel://{addresses}/{NAME}")
    }

    /// Asks the first sentinel of such a URL for the URL of the primary.
    pub(crate) fn primary_at(url: &str) -> String {
        let first = url
            .strip_prefix("redis+sentinel://")
            .and_then(|rest| rest.split([',', '/']).next())
            .expect("the URL names sentinels");
        let (host, port): (String, u16) = redis::Client::open(format!("redis://{first}"))
            .and_then(|client| client.get_connection())
            .and_then(|mut sentinel| primary().query(&mut sentinel))
            .expect("the sentinel knows a primary");
        format!("redis://{host}:{port}")
    }

    /// One of the servers that the sentinels watch.
    #[must_use]
    pub fn server(&self, server: usize) -> &RedisServer {
        &self.servers[server]
    }

    pub(crate) fn server_mut(&mut self, server: usize) -> &mut RedisServer {
        &mut self.servers[server]
    }

    /// One of the three sentinels, to stop it.
    #[must_use]
    pub fn sentinel(&self, sentinel: usize) -> &RedisServer {
        &self.sentinels[sentinel]
    }

    /// The server that all sentinels that run call the primary, and that is one.
    #[must_use]
    pub fn primary(&self) -> usize {
        let mut found = None;
        self.wait_until("the sentinels agree on a primary", || {
            found = self.agreed_primary();
            found.is_some()
        });
        found.expect("the wait has ended")
    }

    /// Kills the primary with `SIGKILL`, and returns which server it is.
    pub fn kill_primary(&mut self) -> usize {
        let primary = self.primary();
        self.servers[primary].kill();
        primary
    }

    /// Waits until a replica has taken the place of the primary `failed`, which was killed or
    /// stopped, and returns which server it is.
    #[expect(clippy::must_use_candidate, reason = "the wait is what matters")]
    pub fn wait_for_failover(&self, failed: usize) -> usize {
        let mut found = None;
        self.wait_until("a replica is promoted", || {
            found = self.agreed_primary().filter(|primary| *primary != failed);
            found.is_some()
        });
        found.expect("the wait has ended")
    }

    fn agreed_primary(&self) -> Option<usize> {
        let mut ports = self
            .sentinels
            .iter()
            .filter(|sentinel| sentinel.is_running())
            .map(|sentinel| primary_port(sentinel).ok());
        let port = ports.next()??;
        let is_agreed = ports.all(|other| other == Some(port));
        let primary = self
            .servers
            .iter()
            .position(|server| server.port() == port)?;
        (is_agreed && is_primary(&self.servers[primary])).then_some(primary)
    }

    #[track_caller]
    fn wait_until(&self, what: &str, condition: impl FnMut() -> bool) {
        assert!(
            holds_within(DEADLINE, condition),
            "not within {DEADLINE:?}: {what}\n{self:?}"
        );
    }
}

const NO_SYNC_DELAY: [&str; 2] = ["--repl-diskless-sync-delay", "0"];

fn start_replica(primary: u16) -> RedisServer {
    let primary = format!("127.0.0.1 {primary}");
    RedisServer::start_with(&[&["--replicaof", &primary], NO_SYNC_DELAY.as_slice()].concat())
}

fn start_sentinel(primary: u16) -> RedisServer {
    let config = format!(
        "sentinel monitor {NAME} 127.0.0.1 {primary} 2\n\
         sentinel down-after-milliseconds {NAME} 1000\n\
         sentinel failover-timeout {NAME} 5000\n"
    );
    RedisServer::launch(|| {
        Setup::new(free_port(), &["--sentinel"]).config("sentinel.conf", &config)
    })
}

/// Whether a replica has its primary's data; a primary has none to wait for.
fn is_in_sync(server: &RedisServer) -> bool {
    server_info(&mut server.connection(), "replication")
        .get("master_link_status")
        .is_none_or(|status| status == "up")
}

fn is_primary(server: &RedisServer) -> bool {
    let role = ask::<(String, redis::Value, redis::Value)>(server, &redis::cmd("ROLE"));
    role.is_ok_and(|(role, ..)| role == "master")
}

fn primary_port(sentinel: &RedisServer) -> RedisResult<u16> {
    ask(sentinel, &primary()).map(|(_, port): (String, u16)| port)
}

/// Asks a sentinel for the primary's address.
fn primary() -> Cmd {
    let mut command = redis::cmd("SENTINEL");
    command.arg("GET-MASTER-ADDR-BY-NAME").arg(NAME);
    command
}

/// A number in a sentinel's description of the primary.
fn number(sentinel: &RedisServer, field: &str) -> Option<usize> {
    let mut command = redis::cmd("SENTINEL");
    command.arg("MASTER").arg(NAME);
    let fields: Vec<String> = ask(sentinel, &command).ok()?;
    let mut values = fields.chunks(2).filter(|pair| pair[0] == field);
    values.next()?.get(1)?.parse().ok()
}

fn ask<T: redis::FromRedisValue>(server: &RedisServer, command: &redis::Cmd) -> RedisResult<T> {
    let client = redis::Client::open(server.url())?;
    let mut connection = client.get_connection_with_timeout(TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    command.query(&mut connection)
}

#[cfg(test)]
mod tests {
    use redis::Commands;
    use redis::sentinel::{SentinelClient, SentinelServerType};

    use super::*;

    fn client(set: &Sentinel) -> SentinelClient {
        let name = set.master_name().to_owned();
        SentinelClient::build(set.urls(), name, None, SentinelServerType::Master).unwrap()
    }

    #[test]
    fn a_replica_takes_the_place_of_a_killed_primary() {
        let mut set = Sentinel::start_with(2);
        let mut client = client(&set);
        let () = client.get_connection().unwrap().set("a", 1).unwrap();
        let found: Option<u32> = set.server(0).connection().get("a").unwrap();
        assert_eq!(found, Some(1));
        let killed = set.kill_primary();
        assert_eq!(killed, 0);
        let promoted = set.wait_for_failover(killed);
        assert_ne!(promoted, killed);
        let () = client.get_connection().unwrap().set("b", 2).unwrap();
        let found: Option<u32> = set.server(promoted).connection().get("b").unwrap();
        assert_eq!(found, Some(2));
    }
}
