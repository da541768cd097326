//! One node of a cluster.

use std::time::Duration;

use redis::{Cmd, FromRedisValue, RedisResult};

use super::view::{self, Member};
use crate::inspect::server_info;
use crate::port::free_port;
use crate::server::RedisServer;
use crate::setup::Setup;

/// A node that is stopped accepts connections and then says nothing.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Node {
    pub(super) server: RedisServer,
    bus_port: u16,
    id: String,
}

impl Node {
    /// Starts a node that knows no other.
    pub(super) fn start() -> Self {
        let mut bus_port = 0;
        let server = RedisServer::launch(|| {
            bus_port = free_port();
            setup(bus_port)
        });
        Self {
            id: id_of(&server),
            server,
            bus_port,
        }
    }

    /// Starts the node anew, empty, so that it knows no other.
    pub(super) fn restart(&mut self) {
        self.server.restart();
        self.id = id_of(&self.server);
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Runs `CLUSTER` with `args`.
    pub(super) fn cluster<T: FromRedisValue>(&self, args: &[&str]) -> RedisResult<T> {
        self.query(redis::cmd("CLUSTER").arg(args))
    }

    pub(super) fn query<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let client = redis::Client::open(self.server.url())?;
        let mut connection = client.get_connection_with_timeout(TIMEOUT)?;
        connection.set_read_timeout(Some(TIMEOUT))?;
        command.query(&mut connection)
    }

    /// Runs `CLUSTER` with `args`, which the node must accept.
    pub(super) fn tell(&self, args: &[&str]) {
        let () = self
            .cluster(args)
            .unwrap_or_else(|error| panic!("`CLUSTER {}` failed: {error}", args.join(" ")));
    }

    /// Makes the two nodes, and all that they know, know one another.
    pub(super) fn meet(&self, other: &Self) {
        let (port, bus_port) = (other.server.port(), other.bus_port);
        self.tell(&[
            "MEET",
            "127.0.0.1",
            &port.to_string(),
            &bus_port.to_string(),
        ]);
    }

    /// All nodes as this one sees them.
    pub(super) fn view(&self) -> RedisResult<Vec<Member>> {
        self.cluster(&["NODES"])
            .map(|text: String| view::parse(&text))
    }

    /// This node as it sees itself.
    pub(super) fn myself(&self) -> RedisResult<Member> {
        let mut view = self.view()?;
        view.retain(|member| member.is_myself);
        Ok(view.pop().expect("a node knows itself"))
    }

    pub(super) fn is_primary(&self) -> bool {
        self.myself().is_ok_and(|myself| myself.is_primary)
    }

    /// Whether the node takes commands, and has a copy of its primary's data if it is a replica.
    pub(super) fn serves(&self) -> bool {
        let state: String = self.cluster(&["INFO"]).unwrap_or_default();
        state.contains("cluster_state:ok") && {
            let replication = server_info(&mut self.server.connection(), "replication");
            replication
                .get("master_link_status")
                .is_none_or(|status| status == "up")
        }
    }
}

fn id_of(server: &RedisServer) -> String {
    redis::cmd("CLUSTER")
        .arg("MYID")
        .query(&mut server.connection())
        .expect("a node has an id")
}

fn setup(bus_port: u16) -> Setup {
    let bus_port = bus_port.to_string();
    let args = [
        ["--cluster-enabled", "yes"],
        ["--cluster-port", &bus_port],
        // How long a node is silent before it counts as failed, in milliseconds.
        ["--cluster-node-timeout", "1000"],
        // A node keeps its role when its slots change.
        ["--cluster-allow-replica-migration", "no"],
        ["--repl-diskless-sync-delay", "0"],
    ];
    Setup::new(free_port(), args.as_flattened())
}
