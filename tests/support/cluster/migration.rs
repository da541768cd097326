//! Moving a slot and its keys while clients use them.

use super::{Cluster, Node};
use crate::wait::{DEADLINE, holds_within};

const BATCH: &str = "10";

/// How long one batch may take, in milliseconds.
const TIMEOUT: &str = "2000";

impl Cluster {
    /// Moves a slot with its keys to the primary `to`, as an operator would, and waits until all
    /// primaries that run agree. Clients may use the keys meanwhile; while a batch is under way they
    /// are asked to try the other node.
    pub fn migrate_slot(&self, slot: u16, to: usize) {
        let from = self.node_for_slot(slot);
        if from == to {
            return;
        }
        let (source, target) = (&self.nodes[from], &self.nodes[to]);
        let slot_name = slot.to_string();
        target.tell(&["SETSLOT", &slot_name, "IMPORTING", source.id()]);
        source.tell(&["SETSLOT", &slot_name, "MIGRATING", target.id()]);
        move_keys(source, target, &slot_name);
        let assign = ["SETSLOT", &slot_name, "NODE", target.id()];
        // The new owner first: if the old one knew before, the slot would have no owner meanwhile.
        target.tell(&assign);
        self.wait_until("the old primary lets the slot go", || {
            move_keys(source, target, &slot_name);
            source.cluster::<()>(&assign).is_ok()
        });
        for node in self.running(None).filter(|node| node.is_primary()) {
            node.tell(&assign);
        }
        self.wait_until("all primaries know the slot's new place", || {
            self.running(None).all(|node| {
                !node.is_primary()
                    || node.view().is_ok_and(|view| {
                        view.iter()
                            .any(|member| member.id == target.id() && member.has_slot(slot))
                    })
            })
        });
    }
}

/// Moves all keys of the slot that `source` has, in small batches.
fn move_keys(source: &Node, target: &Node, slot: &str) {
    let emptied = holds_within(DEADLINE, || {
        let keys: Vec<Vec<u8>> = source
            .cluster(&["GETKEYSINSLOT", slot, BATCH])
            .expect("the node lists the slot's keys");
        if !keys.is_empty() {
            move_batch(source, target, &keys);
        }
        keys.is_empty()
    });
    assert!(emptied, "slot {slot} is not empty after {DEADLINE:?}");
}

fn move_batch(source: &Node, target: &Node, keys: &[Vec<u8>]) {
    let port = target.server.port().to_string();
    let mut command = redis::cmd("MIGRATE");
    command
        .arg(&["127.0.0.1", &port, "", "0", TIMEOUT, "REPLACE", "KEYS"])
        .arg(keys);
    let () = source
        .query(&command)
        .unwrap_or_else(|error| panic!("a batch did not move: {error}"));
}
