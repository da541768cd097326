//! The slot map of a cluster.

use std::ops::RangeInclusive;

use redis::Value;

/// The number of slots of every cluster.
const SLOTS: u16 = 16384;

/// The slot of a hash tag.
pub(crate) fn slot_of(tag: &str) -> u16 {
    crc16::State::<crc16::XMODEM>::calculate(tag.as_bytes()) % SLOTS
}

/// Host and port; an empty host is that of the node that was asked.
pub(super) type Address = (String, u16);

/// Which primary has which slots.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SlotMap {
    ranges: Vec<(RangeInclusive<u16>, Address)>,
    /// All nodes, replicas included: each of them can tell the slot map.
    pub(super) nodes: Vec<Address>,
}

impl SlotMap {
    /// Reads the answer to `CLUSTER SLOTS`. Leaves out nodes whose address is not known yet.
    pub(super) fn read(answer: &Value) -> Option<Self> {
        let Value::Array(ranges) = answer else {
            return None;
        };
        let mut map = Self::default();
        for range in ranges {
            let Value::Array(range) = range else {
                return None;
            };
            let [Value::Int(first), Value::Int(last), nodes @ ..] = range.as_slice() else {
                return None;
            };
            let slots = u16::try_from(*first).ok()?..=u16::try_from(*last).ok()?;
            if let Some(primary) = nodes.first().and_then(address) {
                map.ranges.push((slots, primary));
            }
            map.nodes.extend(nodes.iter().filter_map(address));
        }
        map.nodes.sort_unstable();
        map.nodes.dedup();
        Some(map)
    }

    /// The primaries that have slots; one may come several times.
    pub(super) fn primaries(&self) -> impl Iterator<Item = &Address> {
        self.ranges.iter().map(|(_, primary)| primary)
    }

    /// The primary of a slot; `None` where the cluster has none now.
    pub(super) fn primary(&self, slot: u16) -> Option<&Address> {
        let covering = self.ranges.iter().find(|(slots, _)| slots.contains(&slot));
        covering.map(|(_, primary)| primary)
    }
}

fn address(node: &Value) -> Option<Address> {
    let Value::Array(node) = node else {
        return None;
    };
    let [host, Value::Int(port), ..] = node.as_slice() else {
        return None;
    };
    let host = match host {
        Value::BulkString(host) => String::from_utf8(host.clone()).ok()?,
        Value::SimpleString(host) => host.clone(),
        Value::Nil => String::new(),
        _ => return None,
    };
    (host != "?").then_some((host, u16::try_from(*port).ok()?))
}

#[cfg(test)]
mod tests {
    use cache_fuzz::{Unstructured, fuzz};

    use super::*;

    /// A value of the right kind, or one time in ten any other that a server can send.
    fn mostly(
        right: fn(&mut Unstructured<'_>) -> cache_fuzz::Result<Value>,
        u: &mut Unstructured<'_>,
    ) -> cache_fuzz::Result<Value> {
        if u.ratio(9, 10)? {
            return right(u);
        }
        Ok(match u.int_in_range(0..=5)? {
            0 => Value::Nil,
            1 => Value::Okay,
            2 => Value::SimpleString(u.arbitrary()?),
            3 => Value::BulkString(u.arbitrary()?),
            4 => Value::Int(u.arbitrary()?),
            _ => Value::Array(Vec::new()),
        })
    }

    fn list(
        item: fn(&mut Unstructured<'_>) -> cache_fuzz::Result<Value>,
        u: &mut Unstructured<'_>,
    ) -> cache_fuzz::Result<Vec<Value>> {
        let len = u.int_in_range(0..=3)?;
        (0..len).map(|_| mostly(item, u)).collect()
    }

    fn host(u: &mut Unstructured<'_>) -> cache_fuzz::Result<Value> {
        let host = *u.choose(&["", "?", "a", "::1"])?;
        Ok(Value::BulkString(host.into()))
    }

    fn number(u: &mut Unstructured<'_>) -> cache_fuzz::Result<Value> {
        u.int_in_range(-1..=20_000).map(Value::Int)
    }

    fn node(u: &mut Unstructured<'_>) -> cache_fuzz::Result<Value> {
        let parts = [mostly(host, u)?, mostly(number, u)?];
        Ok(Value::Array([parts.to_vec(), list(host, u)?].concat()))
    }

    fn range(u: &mut Unstructured<'_>) -> cache_fuzz::Result<Value> {
        let parts = [mostly(number, u)?, mostly(number, u)?];
        Ok(Value::Array([parts.to_vec(), list(node, u)?].concat()))
    }

    #[test]
    fn any_answer_is_a_map_or_none() {
        fuzz(6_000, |u| {
            let answer = mostly(|u| list(range, u).map(Value::Array), u)?;
            let Some(map) = SlotMap::read(&answer) else {
                return Ok(());
            };
            for slot in [0, 1, SLOTS - 1, u16::MAX, u.arbitrary()?] {
                if let Some(primary) = map.primary(slot) {
                    assert!(map.nodes.contains(primary), "{map:?}");
                }
            }
            assert!(map.primaries().all(|(host, _)| host != "?"), "{map:?}");
            Ok(())
        });
    }

    #[test]
    fn slots_of_tags() {
        // From the Redis Cluster specification: CRC16 of "123456789" is 0x31C3.
        assert_eq!(slot_of("123456789"), 0x31c3);
        assert_eq!(slot_of(""), 0);
    }

    #[test]
    fn the_answer_to_cluster_slots() {
        let node = |host: &str, port| {
            Value::Array(vec![
                Value::BulkString(host.into()),
                Value::Int(port),
                Value::BulkString("id".into()),
                Value::Array(Vec::new()),
            ])
        };
        let range = |first, last, nodes: Vec<Value>| {
            Value::Array([vec![Value::Int(first), Value::Int(last)], nodes].concat())
        };
        let answer = Value::Array(vec![
            range(0, 5460, vec![node("a", 1), node("b", 2)]),
            range(5461, 5461, vec![node("?", 3)]),
            range(5462, 16383, vec![node("", 1)]),
        ]);
        let map = SlotMap::read(&answer).unwrap();
        let a = ("a".to_owned(), 1);
        assert_eq!(map.primary(0), Some(&a));
        assert_eq!(map.primary(5460), Some(&a));
        assert_eq!(map.primary(5461), None);
        assert_eq!(map.primary(16383), Some(&(String::new(), 1)));
        assert_eq!(map.nodes.len(), 3);
        assert_eq!(SlotMap::read(&Value::Nil), None);
    }
}
