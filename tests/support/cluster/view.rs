//! The view of one node of a cluster.

use std::ops::RangeInclusive;

/// A node as another one, or it itself, sees it: a line of `CLUSTER NODES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) is_primary: bool,
    /// Whether the node that answers is this one.
    pub(super) is_myself: bool,
    /// Whether the node that answers knows this one for good and reaches it.
    pub(super) is_connected: bool,
    pub(super) epoch: u64,
    pub(super) slots: Vec<RangeInclusive<u16>>,
}

/// Parses the reply to `CLUSTER NODES`.
pub(super) fn parse(text: &str) -> Vec<Member> {
    text.lines()
        .map(|line| {
            Member::parse(line).unwrap_or_else(|| panic!("not a line of `CLUSTER NODES`: {line}"))
        })
        .collect()
}

impl Member {
    pub(super) fn has_slot(&self, slot: u16) -> bool {
        self.slots.iter().any(|range| range.contains(&slot))
    }

    /// Parses `id address flags primary ping pong epoch link slot…`.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let id = words.next()?.to_owned();
        let flags: Vec<&str> = words.nth(1)?.split(',').collect();
        let epoch = words.nth(3)?.parse().ok()?;
        let state = words.next()?;
        let is_known = !flags
            .iter()
            .any(|flag| matches!(*flag, "handshake" | "noaddr" | "fail" | "fail?"));
        Some(Self {
            id,
            is_primary: flags.contains(&"master"),
            is_myself: flags.contains(&"myself"),
            is_connected: is_known && state == "connected",
            epoch,
            slots: words.filter_map(parse_range).collect(),
        })
    }
}

/// Parses `5` or `5-7`; a slot on its way, as in `[5->-id]`, is not a range.
fn parse_range(word: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let members = parse(
            "07c3 127.0.0.1:3004@31004,host slave,fail e7d1 0 1426238317239 4 connected\n\
             e7d1 127.0.0.1:3001@31001 myself,master - 0 0 7 connected 0-546 9 [5461->-07c3]\n\
             67ed :0@0 master,noaddr - 0 0 0 disconnected\n",
        );
        assert_eq!(members.len(), 3);
        assert!(!members[0].is_primary && !members[0].is_connected);
        let own = Member {
            id: "e7d1".to_owned(),
            is_primary: true,
            is_myself: true,
            is_connected: true,
            epoch: 7,
            slots: vec![0..=546, 9..=9],
        };
        assert_eq!(members[1], own);
        assert!(own.has_slot(9) && !own.has_slot(5461));
        assert!(!members[2].is_connected);
    }
}
