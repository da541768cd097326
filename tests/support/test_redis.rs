//! A Redis for a test, on whichever topology the tests run.

use std::env;
use std::path::PathBuf;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use redis::Connection;
use redis_cache_runtime::Config;

use crate::administrator::{self, Administrator, Nodes};
use crate::cluster::Cluster;
use crate::monitor::Monitor;
use crate::monitors::Monitors;
use crate::process::SOCKET;
use crate::sentinel::Sentinel;
use crate::server::RedisServer;
use crate::tls::TlsRedis;
use crate::topology::{Topology, shards};
use crate::user::{LEAST_PRIVILEGE, User};

/// The URL of servers that were started for all tests of a run, without credentials.
const FOUND: &str = "CACHE_TEST_REDIS";

const PASSWORD: &str = "p@ss:w/o,rd";

/// A real Redis of [`Topology::current`].
///
/// Where there are users, caches log in as one with the least privileges. It ends when it is
/// dropped, and whenever the test process ends, unless it was started for all tests of a run.
#[derive(Debug)]
pub struct TestRedis {
    /// `None` for servers of the whole run.
    servers: Option<Servers>,
    /// The URLs for caches, without credentials. Several for a cluster.
    urls: Vec<String>,
    /// The URLs for an administrator: of each server that holds data.
    nodes: Vec<String>,
    user: Option<User>,
    /// The certificate of the server's authority: its file, and its content.
    authority: Option<(PathBuf, Vec<u8>)>,
    /// Before the name of a worker's cache.
    prefix: String,
}

#[derive(Debug)]
enum Servers {
    Standalone(RedisServer),
    Tls(TlsRedis),
    Cluster(Cluster),
    Sentinel(Sentinel),
}

/// Returns the Redis that the tests of this process share.
pub fn shared() -> &'static TestRedis {
    static SHARED: OnceLock<TestRedis> = OnceLock::new();
    SHARED.get_or_init(TestRedis::start_or_find)
}

impl TestRedis {
    /// Starts an empty Redis of the test's own, which can be ended.
    #[must_use]
    pub fn start() -> Self {
        let servers = match Topology::current() {
            Topology::Standalone => Servers::Standalone(RedisServer::start()),
            Topology::Unix => Servers::Standalone(RedisServer::start_unix()),
            Topology::Tls => Servers::Tls(TlsRedis::start()),
            Topology::Cluster => Servers::Cluster(Cluster::start()),
            Topology::Sentinel => Servers::Sentinel(Sentinel::start_with(0)),
        };
        let urls = match &servers {
            Servers::Standalone(server) => vec![server.url()],
            Servers::Tls(redis) => vec![redis.url()],
            Servers::Cluster(cluster) => cluster.urls(),
            Servers::Sentinel(set) => vec![set.url()],
        };
        let nodes: Vec<_> = servers.all().into_iter().map(RedisServer::url).collect();
        let user = has_users().then(|| {
            for server in servers.all() {
                server.add_user("app", PASSWORD, LEAST_PRIVILEGE);
            }
            User::new("app", PASSWORD, LEAST_PRIVILEGE)
        });
        let authority = match &servers {
            Servers::Tls(redis) => {
                let pem = std::fs::read(redis.ca()).expect("the authority's file is there");
                Some((redis.ca(), pem))
            }
            _ => None,
        };
        Self {
            servers: Some(servers),
            urls,
            nodes,
            user,
            authority,
            prefix: String::new(),
        }
    }

    /// A Redis in which the caches of the test's workers are the test's alone, and where [`Self::clients`]
    /// are the test's: a Redis of its own, or a user of its own where servers were started for the whole run.
    #[must_use]
    pub fn start_or_find() -> Self {
        match env::var(FOUND) {
            Ok(url) if !url.is_empty() => Self::find(&url),
            _ => Self::start(),
        }
    }

    fn find(url: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test-{}-{count}", process::id());
        let user = User::new(&name, PASSWORD, LEAST_PRIVILEGE);
        let (urls, nodes) = match Topology::current() {
            Topology::Cluster => {
                let urls: Vec<_> = url.split(',').map(str::to_owned).collect();
                (urls.clone(), urls)
            }
            Topology::Sentinel => (vec![url.to_owned()], vec![Sentinel::primary_at(url)]),
            other => panic!("{FOUND} is not for {other:?}"),
        };
        let redis = Self {
            servers: None,
            urls,
            nodes,
            user: Some(user.clone()),
            authority: None,
            prefix: format!("{name}-"),
        };
        for node in redis.connection().nodes() {
            user.create(node);
        }
        redis
    }

    /// The `config` of handlers whose values are in this Redis.
    pub fn config(&self) -> Config {
        let mut config = Config::new(self.urls.join(","));
        if let Some(user) = &self.user {
            config = config.credentials(user.name(), user.password());
        }
        if let Some((_, pem)) = &self.authority {
            config = config.tls_authorities(pem.clone());
        }
        config
    }

    /// The environment of a worker that uses this Redis.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let url = |url: &String| match &self.user {
            Some(user) => user.in_url(url),
            None => url.clone(),
        };
        let urls: Vec<_> = self.urls.iter().map(url).collect();
        let mut variables = vec![
            ("HANDLER_CACHE_URL", urls.join(",")),
            // A machine under load may take long to connect; a look-up that is given up is no miss.
            ("HANDLER_CACHE_TIMEOUT", "10s".to_owned()),
            ("CACHE_WORKER_SHARDS", shards().to_string()),
            ("CACHE_WORKER_PREFIX", self.prefix.clone()),
        ];
        if let Some((file, _)) = &self.authority {
            variables.push(("HANDLER_CACHE_TLS_CA", file.display().to_string()));
        }
        variables
    }

    /// The name that a worker's cache has in this Redis.
    #[must_use]
    pub fn worker_cache(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The `endpoint` in a cache's parameters.
    #[must_use]
    pub fn endpoint(&self) -> String {
        let separator = if self.urls[0].starts_with("redis+unix") {
            "?db="
        } else {
            "/"
        };
        let endpoint = |url: &String| format!("{url}{separator}0");
        let endpoints: Vec<_> = self.urls.iter().map(endpoint).collect();
        endpoints.join(",")
    }

    /// Opens a new connection for an administrator.
    #[must_use]
    pub fn connection(&self) -> Administrator {
        let in_cluster = Topology::current() == Topology::Cluster;
        Administrator::connect(&self.nodes, in_cluster)
    }

    /// Starts to collect every command that the servers run.
    #[must_use]
    pub fn monitor(&self) -> Monitors {
        let mut connection = self.connection();
        let socket = |node: &mut Connection| {
            let (_, folder): (String, String) = redis::cmd("CONFIG")
                .arg(&["GET", "dir"])
                .query(node)
                .expect("the server has a folder");
            PathBuf::from(folder).join(SOCKET)
        };
        let sockets = connection.nodes().iter_mut().map(socket);
        Monitors(sockets.map(Monitor::start).collect())
    }

    /// How many servers hold data.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// How many connections the test's caches have to servers that hold data.
    pub fn clients(&self, connection: &mut Administrator) -> usize {
        let user = self.user.as_ref().map_or("default", User::name);
        let is_cache = |line: &&str| {
            let has = |field: String| line.split(' ').any(|part| part == field);
            has(format!("user={user}")) && !has(format!("name={}", administrator::NAME))
        };
        let clients = |node: &mut Connection| {
            let list: String = redis::cmd("CLIENT")
                .arg("LIST")
                .query(node)
                .expect("the server lists its clients");
            list.lines().filter(is_cache).count()
        };
        connection.nodes().iter_mut().map(clients).sum()
    }

    /// The port of a server that takes plain TCP connections; `None` where there is none.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let (_, port) = self.nodes[0].strip_prefix("redis://")?.rsplit_once(':')?;
        port.parse().ok()
    }

    /// Kills the servers that hold data.
    pub fn kill(&mut self) {
        for server in self.servers_mut().all_mut() {
            server.kill();
        }
    }

    /// Starts the killed servers again, empty, at the same places.
    pub fn restart(&mut self) {
        match self.servers_mut() {
            Servers::Standalone(server) => server.restart(),
            Servers::Tls(redis) => redis.server_mut().restart(),
            Servers::Cluster(cluster) => cluster.restart(),
            Servers::Sentinel(set) => set.server_mut(0).restart(),
        }
    }

    /// Stops the servers that hold data: they still accept connections, but answer nothing.
    pub fn stop(&self) {
        for server in self.servers().all() {
            server.stop();
        }
    }

    /// Lets the stopped servers go on.
    pub fn resume(&self) {
        for server in self.servers().all() {
            server.resume();
        }
    }

    fn servers(&self) -> &Servers {
        self.servers.as_ref().expect(OWN)
    }

    fn servers_mut(&mut self) -> &mut Servers {
        self.servers.as_mut().expect(OWN)
    }
}

const OWN: &str = "servers that others use as well are not ended";

impl Servers {
    /// The servers that hold data.
    fn all(&self) -> Vec<&RedisServer> {
        match self {
            Self::Standalone(server) => vec![server],
            Self::Tls(redis) => vec![redis.server()],
            Self::Cluster(cluster) => (0..cluster.len()).map(|node| cluster.node(node)).collect(),
            Self::Sentinel(set) => vec![set.server(0)],
        }
    }

    fn all_mut(&mut self) -> Vec<&mut RedisServer> {
        match self {
            Self::Standalone(server) => vec![server],
            Self::Tls(redis) => vec![redis.server_mut()],
            Self::Cluster(cluster) => cluster.servers_mut().collect(),
            Self::Sentinel(set) => vec![set.server_mut(0)],
        }
    }
}

/// One server on a port or a socket is used as most are: without a password.
fn has_users() -> bool {
    !matches!(Topology::current(), Topology::Standalone | Topology::Unix)
}
