//! A look at all of Redis, past the cache, with every right.

use std::fmt;

use redis::cluster::{ClusterClient, ClusterConnection};
use redis::{Cmd, Connection, ConnectionLike, RedisResult, Value};

/// The name of an administrator's connections to single servers.
pub(crate) const NAME: &str = "administrator";

/// Connections to every server that holds data, one after the other.
pub trait Nodes {
    /// One connection to each.
    fn nodes(&mut self) -> &mut [Connection];
}

impl Nodes for Connection {
    fn nodes(&mut self) -> &mut [Connection] {
        std::slice::from_mut(self)
    }
}

/// A connection that finds the server of a key by itself.
pub enum Administrator {
    /// There is one server.
    Server(Box<Connection>),
    /// The servers share the keys.
    Cluster {
        /// Goes to the server that has the key.
        whole: Box<ClusterConnection>,
        /// To one server each.
        nodes: Vec<Connection>,
    },
}

impl fmt::Debug for Administrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Administrator")
    }
}

impl Administrator {
    /// Connects to the servers at these URLs.
    pub(crate) fn connect(urls: &[String], in_cluster: bool) -> Self {
        const OPEN: &str = "the server accepts connections";
        let open = |url: &String| {
            let mut connection = redis::Client::open(url.as_str())
                .and_then(|client| client.get_connection())
                .expect(OPEN);
            redis::cmd("CLIENT")
                .arg(&["SETNAME", NAME])
                .exec(&mut connection)
                .expect("a connection can be called something");
            connection
        };
        if let ([url], false) = (urls, in_cluster) {
            return Self::Server(Box::new(open(url)));
        }
        let whole = ClusterClient::new(urls.to_vec())
            .and_then(|client| client.get_connection())
            .expect(OPEN);
        Self::Cluster {
            whole: Box::new(whole),
            nodes: urls.iter().map(open).collect(),
        }
    }

    /// Runs a command on every server that holds data.
    pub fn exec_everywhere(&mut self, command: &Cmd) {
        for node in self.nodes() {
            command.exec(node).expect("the server takes the command");
        }
    }

    fn whole(&mut self) -> &mut dyn ConnectionLike {
        match self {
            Self::Server(connection) => connection.as_mut(),
            Self::Cluster { whole, .. } => whole.as_mut(),
        }
    }
}

impl Nodes for Administrator {
    fn nodes(&mut self) -> &mut [Connection] {
        match self {
            Self::Server(connection) => connection.nodes(),
            Self::Cluster { nodes, .. } => nodes,
        }
    }
}

impl ConnectionLike for Administrator {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        self.whole().req_packed_command(command)
    }

    fn req_packed_commands(
        &mut self,
        commands: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.whole().req_packed_commands(commands, offset, count)
    }

    fn req_command(&mut self, command: &Cmd) -> RedisResult<Value> {
        self.whole().req_command(command)
    }

    fn get_db(&self) -> i64 {
        0
    }

    fn supports_pipelining(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    fn check_connection(&mut self) -> bool {
        self.whole().check_connection()
    }

    fn is_open(&self) -> bool {
        match self {
            Self::Server(connection) => connection.is_open(),
            Self::Cluster { whole, .. } => whole.is_open(),
        }
    }
}
