//! A Redis Cluster of the test's own.

mod agreement;
mod migration;
mod node;
mod slot;
mod view;

use redis::Connection;

use self::node::Node;
use crate::server::RedisServer;
/// Real `redis-server`s on free loopback ports that form a cluster.
///
/// Its nodes are numbered from 0 in the order of their start: first the primaries, each with an
/// equal share of the slots, then the replicas, so that of `n` primaries, node `i` starts as a
/// replica of node `i % n`. A node that is silent for a second counts as failed.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Node>,
    /// How many it was started with.
    primaries: usize,
}

impl Cluster {
    /// Starts three primaries without replicas, and waits until all agree and serve.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(3, 0)
    }

    /// Starts `primaries` with `replicas` each, and waits until all agree and serve. It takes at
    /// least three primaries for a replica to be promoted.
    #[must_use]
    pub fn start_with(primaries: usize, replicas: usize) -> Self {
        let count = primaries * (1 + replicas);
        let cluster = Self {
            nodes: (0..count).map(|_| Node::start()).collect(),
            primaries,
        };
        cluster.form();
        cluster
    }

    /// Makes a cluster of nodes that know no other, and waits until all agree and serve.
    fn form(&self) {
        self.assign_slots();
        for (index, node) in self.nodes.iter().enumerate() {
            // Nodes of equal epochs would settle their conflicts one by one, a second each.
            node.tell(&["SET-CONFIG-EPOCH", &(index + 1).to_string()]);
            for earlier in &self.nodes[..index] {
                node.meet(earlier);
            }
        }
        self.wait_until("all nodes know one another", || self.is_connected(None));
        for (index, replica) in self.nodes.iter().enumerate().skip(self.primaries) {
            replica.tell(&["REPLICATE", self.nodes[index % self.primaries].id()]);
        }
        self.wait_until_settled();
    }

    /// Kills all nodes that still run, and starts an empty cluster of as many on the same ports.
    pub(crate) fn restart(&mut self) {
        for server in self.servers_mut() {
            server.kill();
        }
        for node in &mut self.nodes {
            node.restart();
        }
        self.form();
    }

    pub(crate) fn servers_mut(&mut self) -> impl Iterator<Item = &mut RedisServer> {
        self.nodes.iter_mut().map(|node| &mut node.server)
    }

    /// The number of nodes that were started, killed ones included.
    #[expect(clippy::len_without_is_empty, reason = "a cluster is never empty")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The server of one node.
    #[must_use]
    pub fn node(&self, node: usize) -> &RedisServer {
        &self.nodes[node].server
    }

    /// Opens a new connection to one node. It follows no redirection.
    #[must_use]
    pub fn connection(&self, node: usize) -> Connection {
        self.node(node).connection()
    }

    /// The URL of one node that runs; a client finds the others by itself.
    #[must_use]
    pub fn url(&self) -> String {
        let mut urls = self.urls();
        assert!(!urls.is_empty(), "no node runs");
        urls.swap_remove(0)
    }

    /// The URLs of all nodes that run.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.running(None).map(|node| node.server.url()).collect()
    }

    /// The nodes that run and are primaries, with slots or without.
    #[must_use]
    pub fn primaries(&self) -> Vec<usize> {
        let is_primary = |node: &usize| {
            let node = &self.nodes[*node];
            node.server.is_running() && node.is_primary()
        };
        (0..self.nodes.len()).filter(is_primary).collect()
    }

    /// The slot of a key.
    #[must_use]
    pub fn slot_of(key: &str) -> u16 {
        slot::slot_of(key.as_bytes())
    }

    /// The primary that owns a slot.
    #[must_use]
    pub fn node_for_slot(&self, slot: u16) -> usize {
        let mut found = None;
        self.wait_until("a primary that runs owns the slot", || {
            found = self.owner_of(slot);
            found.is_some()
        });
        found.expect("the wait has ended")
    }

    /// Kills the primary that owns the key's slot with `SIGKILL`, and returns which node it is.
    pub fn kill_primary_of(&mut self, key: &str) -> usize {
        let node = self.node_for_slot(Self::slot_of(key));
        self.nodes[node].server.kill();
        node
    }

    /// Waits until a replica has taken the place of the primary `failed`, which was killed or
    /// stopped, and all other nodes that run agree and serve.
    pub fn wait_for_failover(&self, failed: usize) {
        self.wait_until("a replica is promoted", || self.is_settled(Some(failed)));
    }

    /// Waits until all nodes that run agree and serve, say after a stopped one was resumed.
    pub fn wait_until_settled(&self) {
        self.wait_until("all nodes agree and serve", || self.is_settled(None));
    }

    /// Starts a primary without slots, waits until all nodes that run know it, and returns which
    /// node it is.
    pub fn add_node(&mut self) -> usize {
        let node = Node::start();
        for known in self.running(None) {
            node.meet(known);
        }
        self.nodes.push(node);
        self.wait_until("all nodes know the new one", || self.is_settled(None));
        self.nodes.len() - 1
    }

    /// The owner of the slot: of several nodes that claim it, the one with the highest epoch.
    fn owner_of(&self, slot: u16) -> Option<usize> {
        let is_running = |(_, node): &(usize, &Node)| node.server.is_running();
        self.nodes
            .iter()
            .enumerate()
            .filter(is_running)
            .filter_map(|(index, node)| Some((index, node.myself().ok()?)))
            .filter(|(_, member)| member.is_primary && member.has_slot(slot))
            .max_by_key(|(_, member)| member.epoch)
            .map(|(index, _)| index)
    }

    fn assign_slots(&self) {
        let (slots, primaries) = (usize::from(slot::SLOTS), self.primaries);
        for (index, primary) in self.nodes.iter().take(primaries).enumerate() {
            let first = slots * index / primaries;
            let last = slots * (index + 1) / primaries - 1;
            primary.tell(&["ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;
    use std::sync::atomic::{AtomicBool, AtomicU32};
    use std::thread;

    use redis::Commands;
    use redis::cluster::{ClusterClient, ClusterConnection};

    use super::*;
    use crate::eventually;

    const KEYS: u32 = 100;

    fn connect(cluster: &Cluster) -> ClusterConnection {
        ClusterClient::new(cluster.urls())
            .unwrap()
            .get_connection()
            .unwrap()
    }

    fn fill(cluster: &Cluster) {
        let mut connection = connect(cluster);
        for n in 0..KEYS {
            let () = connection.set(format!("key-{n}"), n).unwrap();
        }
    }

    #[track_caller]
    fn assert_full(cluster: &Cluster) {
        let mut connection = connect(cluster);
        for n in 0..KEYS {
            let found: Option<u32> = connection.get(format!("key-{n}")).unwrap();
            assert_eq!(found, Some(n));
        }
    }

    #[test]
    fn three_primaries_share_the_keys() {
        let cluster = Cluster::start();
        fill(&cluster);
        assert_full(&cluster);
        assert_eq!(cluster.primaries(), [0, 1, 2]);
        for node in cluster.primaries() {
            let held: u32 = redis::cmd("DBSIZE")
                .query(&mut cluster.connection(node))
                .unwrap();
            assert!((10..KEYS).contains(&held), "{held} keys");
        }
        for key in ["a", "hc:{name#3}:v:1", "{}b", ""] {
            let slot: u16 = redis::cmd("CLUSTER")
                .arg(&["KEYSLOT", key])
                .query(&mut cluster.connection(0))
                .unwrap();
            assert_eq!(Cluster::slot_of(key), slot);
            let found: Option<u32> = cluster
                .connection(cluster.node_for_slot(slot))
                .get(key)
                .unwrap();
            assert_eq!(found, None);
        }
    }

    #[test]
    fn a_slot_moves_under_load_to_a_node_that_was_added() {
        let mut cluster = Cluster::start();
        let keys: Vec<String> = (0..25).map(|n| format!("{{moved}}{n}")).collect();
        let rounds = AtomicU32::new(0);
        let is_moved = AtomicBool::new(false);
        let added = cluster.add_node();
        assert_eq!(cluster.primaries(), [0, 1, 2, added]);
        let slot = Cluster::slot_of("{moved}");
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut connection = connect(&cluster);
                while !is_moved.load(Relaxed) {
                    let round = rounds.fetch_add(1, Relaxed) + 1;
                    for key in &keys {
                        let count: u32 = connection.incr(key, 1).unwrap();
                        assert_eq!(count, round);
                    }
                }
            });
            eventually(|| rounds.load(Relaxed) > 1);
            cluster.migrate_slot(slot, added);
            is_moved.store(true, Relaxed);
        });
        assert_eq!(cluster.node_for_slot(slot), added);
        let held: usize = redis::cmd("DBSIZE")
            .query(&mut cluster.connection(added))
            .unwrap();
        assert_eq!(held, keys.len());
    }

    #[test]
    fn a_replica_takes_the_place_of_a_killed_primary() {
        let mut cluster = Cluster::start_with(3, 1);
        fill(&cluster);
        let key = "key-1";
        let killed = cluster.kill_primary_of(key);
        cluster.wait_for_failover(killed);
        assert_eq!(cluster.node_for_slot(Cluster::slot_of(key)), killed + 3);
        let mut connection = connect(&cluster);
        let () = connection.set(key, 2).unwrap();
        let found: Option<u32> = connection.get(key).unwrap();
        assert_eq!(found, Some(2));
    }

    #[test]
    fn a_stopped_primary_comes_back_as_a_replica() {
        let cluster = Cluster::start_with(3, 1);
        cluster.node(0).stop();
        cluster.wait_for_failover(0);
        cluster.node(0).resume();
        eventually(|| cluster.primaries() == [1, 2, 3]);
        cluster.wait_until_settled();
    }
}
