//! The invalidations of this process, by the numbers that Redis has given them.

use std::collections::HashMap;

use super::{epoch::Invalidated, keyspace::Member};

/// So many are remembered: only bodies that were under way when one was made need it.
const MOST: usize = 256;

/// What this process has invalidated lately. Its own flights see to it that no value is queued whose body began before:
/// such an invalidation is to refuse other processes' values only.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    recent: HashMap<Member, (Invalidated, u64)>,
}

impl Numbered {
    /// Takes in that `member` was invalidated, and the number of the last time before by anybody.
    pub(super) fn add(&mut self, member: Member, invalidated: Invalidated, before: u64) {
        if self.recent.len() >= MOST {
            self.recent.clear();
        }
        self.recent.insert(member, (invalidated, before));
    }

    /// What a value that was queued behind the invalidations so far is told to be later than, where its body began with
    /// `known`.
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
        // Another process' invalidation of the same entry stands between.
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
