//! Whether the nodes of a cluster agree, and waiting until they do.

use super::view::Member;
use super::{Cluster, Node};
use crate::wait::{DEADLINE, holds_within};

/// `failed` is a node that counts as ended, although it may be stopped only.
impl Cluster {
    pub(super) fn running(&self, failed: Option<usize>) -> impl Iterator<Item = &Node> {
        self.nodes
            .iter()
            .enumerate()
            .filter(move |(index, node)| Some(*index) != failed && node.server.is_running())
            .map(|(_, node)| node)
    }

    /// Whether all nodes that run reach one another.
    pub(super) fn is_connected(&self, failed: Option<usize>) -> bool {
        let reaches_all = |node: &Node| {
            let view = node.view().unwrap_or_default();
            self.running(failed).all(|other| {
                view.iter()
                    .any(|member| member.id == other.id() && member.is_connected)
            })
        };
        self.running(failed).all(reaches_all)
    }

    /// Whether all nodes that run reach one another, serve, and agree on the owners of the slots.
    pub(super) fn is_settled(&self, failed: Option<usize>) -> bool {
        let mut owners = self.running(failed).map(|node| self.owners(node, failed));
        let Some(Some(first)) = owners.next() else {
            return false;
        };
        owners.all(|other| other.as_ref() == Some(&first))
            && self.is_connected(failed)
            && self.running(failed).all(Node::serves)
    }

    /// The owners of slots in the view of `node`, sorted; `None` when one of them does not run.
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
    pub(super) fn wait_until(&self, what: &str, condition: impl FnMut() -> bool) {
        assert!(
            holds_within(DEADLINE, condition),
            "not within {DEADLINE:?}: {what}\n{}",
            self.describe()
        );
    }

    /// The views of all nodes, for a failure's message.
    fn describe(&self) -> String {
        let describe = |(index, node): (usize, &Node)| {
            let view = if node.server.is_running() {
                node.cluster(&["NODES"])
                    .unwrap_or_else(|error| format!("{error}\n"))
            } else {
                "has ended\n".to_owned()
            };
            format!("node {index}, {}: {view}", node.id())
        };
        self.nodes.iter().enumerate().map(describe).collect()
    }
}
