//! A Redis Cluster of the test's own.

mod migration;
mod node;
mod slot;
mod view;

use std::time::Duration;

use redis::Connection;

use self::node::Node;
use self::view::Member;
use crate::server::RedisServer;
use crate::wait::holds_within;

const DEADLINE: Duration = Duration::from_secs(60);

/// Real `redis-server`s on free loopback ports that form a cluster.
///
/// Its nodes are numbered from 0 in the order of their start: first the primaries, each with an
/// equal share of the slots, then the replicas, so that of `n` primaries, node `i` starts as a
/// replica of node `i % n`. A node that is silent for a second counts as failed.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Node>,
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
        };
        cluster.assign_slots(primaries);
        for (index, node) in cluster.nodes.iter().enumerate() {
            // Equal epochs would be told apart one by one, a second each.
            node.tell(&["SET-CONFIG-EPOCH", &(index + 1).to_string()]);
            for earlier in &cluster.nodes[..index] {
                node.meet(earlier);
            }
        }
        cluster.wait_until("all nodes know one another", || cluster.is_connected(None));
        for (index, replica) in cluster.nodes.iter().enumerate().skip(primaries) {
            replica.tell(&["REPLICATE", cluster.nodes[index % primaries].id()]);
        }
        cluster.wait_until("all nodes agree and serve", || cluster.is_settled(None));
        cluster
    }

    /// How many nodes were started, those killed since among them.
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

    /// Of those that say that they own the slot, the one whose word counts.
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

    fn running(&self, failed: Option<usize>) -> impl Iterator<Item = &Node> {
        self.nodes
            .iter()
            .enumerate()
            .filter(move |(index, node)| Some(*index) != failed && node.server.is_running())
            .map(|(_, node)| node)
    }

    fn assign_slots(&self, primaries: usize) {
        let slots = usize::from(slot::SLOTS);
        for (index, primary) in self.nodes.iter().take(primaries).enumerate() {
            let first = slots * index / primaries;
            let last = slots * (index + 1) / primaries - 1;
            primary.tell(&["ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
        }
    }

    /// Whether all nodes that run reach one another.
    fn is_connected(&self, failed: Option<usize>) -> bool {
        let reaches_all = |node: &Node| {
            let view = node.view().unwrap_or_default();
            self.running(failed).all(|other| {
                view.iter()
                    .any(|member| member.id == other.id() && member.is_connected)
            })
        };
        self.running(failed).all(reaches_all)
    }

    /// Whether all nodes that run reach one another, serve, and agree on who of them owns what.
    fn is_settled(&self, failed: Option<usize>) -> bool {
        let mut owners = self.running(failed).map(|node| self.owners(node, failed));
        let Some(Some(first)) = owners.next() else {
            return false;
        };
        owners.all(|other| other.as_ref() == Some(&first))
            && self.is_connected(failed)
            && self.running(failed).all(Node::serves)
    }

    /// Who owns slots as `node` sees it, sorted; `None` when one of them does not run.
    fn owners(&self, node: &Node, failed: Option<usize>) -> Option<Vec<Member>> {
        let mut owners = node.view().ok()?;
        owners.retain(|member| !member.slots.is_empty());
        for owner in &mut owners {
            self.running(failed).find(|node| node.id() == owner.id)?;
            owner.is_myself = false;
        }
        owners.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Some(owners)
    }

    #[track_caller]
    fn wait_until(&self, what: &str, condition: impl FnMut() -> bool) {
        assert!(
            holds_within(DEADLINE, condition),
            "not within {DEADLINE:?}: {what}\n{}",
            self.describe()
        );
    }

    /// What every node that runs believes, for a failure's message.
    fn describe(&self) -> String {
        self.running(None)
            .map(|node| match node.cluster::<String>(&["NODES"]) {
                Ok(view) => view,
                Err(error) => format!("{}: {error}\n", node.id()),
            })
            .collect::<Vec<_>>()
            .join("\n")
    }
}

#[cfg(test)]
mod tests {
    use redis::Commands;
    use redis::cluster::{ClusterClient, ClusterConnection};

    use super::*;

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
    fn a_slot_moves_with_its_keys_to_a_node_that_was_added() {
        let mut cluster = Cluster::start();
        let keys: Vec<String> = (0..25).map(|n| format!("{{moved}}{n}")).collect();
        for key in &keys {
            let () = connect(&cluster).set(key, 1).unwrap();
        }
        let added = cluster.add_node();
        assert_eq!(cluster.primaries(), [0, 1, 2, added]);
        let slot = Cluster::slot_of("{moved}");
        cluster.migrate_slot(slot, added);
        assert_eq!(cluster.node_for_slot(slot), added);
        let mut there = cluster.connection(added);
        let held: usize = redis::cmd("DBSIZE").query(&mut there).unwrap();
        assert_eq!(held, keys.len());
        for key in &keys {
            let found: Option<u32> = connect(&cluster).get(key).unwrap();
            assert_eq!(found, Some(1));
        }
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
}
