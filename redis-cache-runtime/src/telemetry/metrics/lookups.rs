//! How long look-ups take, by how they end.

use super::instruments::{Histogram, Scope};
use crate::outcome::{Failure, Lookup};

#[derive(Debug)]
pub(super) struct Lookups {
    found: Histogram,
    absent: Histogram,
    wrong_type: Histogram,
    unavailable: Histogram,
    timed_out: Histogram,
    refused: Histogram,
    broken: Histogram,
}

impl Lookups {
    pub(super) fn new(scope: &Scope) -> Self {
        let ended = |outcome| {
            let labels = [("layer", "redis"), ("outcome", outcome)];
            scope.histogram("handler_cache_lookup_duration_seconds", &labels)
        };
        Self {
            found: ended("found"),
            absent: ended("absent"),
            wrong_type: ended("wrong_type"),
            unavailable: ended("connect"),
            timed_out: ended("timeout"),
            refused: ended("refused"),
            broken: ended("io"),
        }
    }

    pub(super) const fn all(&self) -> [&Histogram; 7] {
        [
            &self.found,
            &self.absent,
            &self.wrong_type,
            &self.unavailable,
            &self.timed_out,
            &self.refused,
            &self.broken,
        ]
    }

    pub(super) const fn ended(&self, lookup: &Lookup) -> &Histogram {
        match lookup {
            Lookup::Found(_) => &self.found,
            Lookup::Absent => &self.absent,
            Lookup::WrongType => &self.wrong_type,
            Lookup::Failed(Failure::Unavailable) => &self.unavailable,
            Lookup::Failed(Failure::TimedOut) => &self.timed_out,
            Lookup::Failed(Failure::Refused) => &self.refused,
            Lookup::Failed(Failure::Broken) => &self.broken,
        }
    }
}
