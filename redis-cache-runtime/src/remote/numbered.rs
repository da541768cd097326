//! The invalidations of this process, by the numbers that Redis has given them.

use std::collections::HashMap;

use super::{epoch::Invalidated, keyspace::Member};

/// The most that are remembered: only bodies that were under way at an invalidation need it.
const MOST: usize = 256;

/// The latest invalidations of this process. Its own flights discard values whose body began before one, so that in Redis it has
/// to refuse only values of other processes.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    recent: HashMap<Member, (Invalidated, u64)>,
}

impl Numbered {
    /// Records an invalidation of `member`; `before` is the number of the last one before it, by any process.
    pub(super) fn add(&mut self, member: Member, invalidated: Invalidated, before: u64) {
        if self.recent.len() >= MOST {
            self.recent.clear();
        }
        self.recent.insert(member, (invalidated, before));
    }

    /// The invalidation that a queued value of `member` is newer than, where its body began with `known`: this process' own,
    /// unless another process' lies between.
    pub(super) fn known(&self, member: &Member, known: Invalidated) -> Invalidated {
        match self.recent.get(member) {
            Some((own, before))
                if known.base.is_none_or(|base| own.base == Some(base))
                    && (*before..own.number).contains(&known.number) =>
            {
                *own
            }
            _ => known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Member = [1; 16];

    #[test]
    fn only_what_lies_between_is_overlooked() {
        let at = |base, number| Invalidated { base, number };
        let mut numbered = Numbered::default();
        numbered.add(A, at(Some(1), 7), 3);
        let known = |base, number| numbered.known(&A, at(base, number)).number;
        // Another process has invalidated the same entry in between.
        assert_eq!(known(Some(1), 2), 2);
        assert_eq!(known(None, 0), 0);
        assert_eq!(known(Some(1), 3), 7);
        assert_eq!(known(Some(1), 6), 7);
        assert_eq!(known(Some(1), 9), 9);
        assert_eq!(known(Some(2), 6), 6);
        assert_eq!(numbered.known(&[2; 16], at(Some(1), 6)).number, 6);
        numbered.add(A, at(Some(1), 1), 0);
        assert_eq!(numbered.known(&A, at(None, 0)), at(Some(1), 1));
    }
}
