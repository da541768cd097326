//! What the contestants have reached, round by round.

use anyhow::Error;

use crate::contestants::{Contestant, Kind};
use crate::report::Entry;

/// The rounds of one measure so far. A contestant that fails is left out, and the report says why.
#[derive(Debug, Default)]
pub(super) struct Scores {
    entries: Vec<Entry>,
    notes: Vec<String>,
    /// Who had calls that were no hits: how often the body ran, in how many calls of such turns.
    misses: Vec<(&'static str, [u64; 2])>,
}

impl Scores {
    /// Adds a round of figures, one for each column.
    pub(super) fn add<E: ?Sized>(&mut self, contestant: &Contestant<E>, figures: &[f64]) {
        self.add_named(contestant.name, contestant.kind, figures);
    }

    /// The same for who is no contestant elsewhere.
    pub(super) fn add_named(&mut self, name: &'static str, kind: Kind, figures: &[f64]) {
        let entry = self.entry(name, kind, figures.len());
        for (rounds, figure) in entry.rounds.iter_mut().zip(figures) {
            rounds.push(*figure);
        }
    }

    /// Adds what a baseline reached in its turns with this contestant.
    pub(super) fn add_beside<E: ?Sized>(
        &mut self,
        contestant: &Contestant<E>,
        baseline: &'static str,
        figures: &[f64],
    ) {
        let beside = &mut self
            .entry(contestant.name, contestant.kind, figures.len())
            .beside;
        let at = beside
            .iter()
            .position(|(name, _)| *name == baseline)
            .unwrap_or_else(|| {
                beside.push((baseline, vec![Vec::new(); figures.len()]));
                beside.len() - 1
            });
        for (rounds, figure) in beside[at].1.iter_mut().zip(figures) {
            rounds.push(*figure);
        }
    }

    /// Leaves a contestant out.
    pub(super) fn fail(&mut self, name: &str, error: &Error) {
        self.entries.retain(|entry| entry.name != name);
        let note = format!("Not measured: {name}: {error:#}.");
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Takes note of a turn in which the body ran.
    pub(super) fn note_runs(&mut self, name: &'static str, runs: u64, calls: u64) {
        if runs == 0 {
            return;
        }
        let at = self.misses.iter().position(|(missed, _)| *missed == name);
        let at = at.unwrap_or_else(|| {
            self.misses.push((name, [0, 0]));
            self.misses.len() - 1
        });
        let (_, sums) = &mut self.misses[at];
        *sums = [sums[0] + runs, sums[1] + calls];
    }

    pub(super) fn has_failed(&self, name: &str) -> bool {
        let start = format!("Not measured: {name}:");
        self.notes.iter().any(|note| note.starts_with(&start))
    }

    pub(super) fn finish(mut self) -> (Vec<Entry>, Vec<String>) {
        for (name, [runs, calls]) in self.misses {
            self.notes.push(format!(
                "{name}: the body ran {runs} times in {calls} calls of those turns in which not all were hits. Only hits are \
                 counted."
            ));
        }
        (self.entries, self.notes)
    }

    fn entry(&mut self, name: &'static str, kind: Kind, columns: usize) -> &mut Entry {
        if let Some(at) = self.entries.iter().position(|entry| entry.name == name) {
            return &mut self.entries[at];
        }
        self.entries.push(Entry {
            name,
            kind,
            rounds: vec![Vec::new(); columns],
            beside: Vec::new(),
        });
        self.entries.last_mut().expect("one has just been added")
    }
}
