//! Several contestants at one task.

use std::fmt::Write as _;

use super::Better;
use super::format::{number, ratio, ratios};
use crate::contestants::Kind;
use crate::stats::median;

/// One figure of each contestant. The first column is plotted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) heading: &'static str,
    /// Whether it is also shown in relation to the reference.
    pub(crate) relative: bool,
}

/// One contestant: for each column what the rounds gave.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) rounds: Vec<Vec<f64>>,
    /// The same for the baselines that took turns with this contestant alone.
    pub(crate) beside: Vec<(&'static str, Vec<Vec<f64>>)>,
}

impl Entry {
    fn beside(&self, baseline: &str) -> Option<&[Vec<f64>]> {
        let (_, rounds) = self.beside.iter().find(|(name, _)| *name == baseline)?;
        Some(rounds)
    }
}

#[derive(Debug)]
pub(crate) struct Comparison {
    /// The name of the plot's file.
    pub(crate) id: String,
    pub(crate) question: String,
    /// What the first column counts.
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    /// To whom the others are related.
    pub(crate) reference: &'static str,
    pub(crate) columns: Vec<Column>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) notes: Vec<String>,
}

impl Comparison {
    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// A contestant's first column in relation to another's.
    pub(super) fn relation(&self, name: &str, other: &str) -> Vec<f64> {
        let (Some(entry), Some(other)) = (self.entry(name), self.entry(other)) else {
            return Vec::new();
        };
        if let Some([beside, ..]) = entry.beside(other.name) {
            return ratios(&entry.rounds[0], beside);
        }
        // Who have not met are compared by what both are to the reference.
        match (entry.beside(self.reference), other.beside(self.reference)) {
            (Some(_), Some(_)) => ratios(&self.relative(entry, 0), &self.relative(other, 0)),
            _ => ratios(&entry.rounds[0], &other.rounds[0]),
        }
    }

    /// A contestant's column in relation to the reference.
    fn relative(&self, entry: &Entry, column: usize) -> Vec<f64> {
        let reference = self.entry(self.reference).map(|entry| &*entry.rounds);
        entry
            .beside(self.reference)
            .or(reference)
            .map_or_else(Vec::new, |reference| {
                ratios(&entry.rounds[column], &reference[column])
            })
    }

    /// What is plotted of a contestant: its first column, in relation to the reference where that is of interest.
    pub(super) fn shown(&self, entry: &Entry) -> Vec<f64> {
        if self.shows_relations() {
            self.relative(entry, 0)
        } else {
            entry.rounds[0].clone()
        }
    }

    pub(super) fn shows_relations(&self) -> bool {
        self.columns.first().is_some_and(|column| column.relative)
    }

    /// From the best to the worst by the median of what is shown.
    pub(super) fn ranked(&self) -> Vec<&Entry> {
        let mut ranked: Vec<_> = self.entries.iter().collect();
        ranked.sort_by(|a, b| {
            let order = median(&self.shown(a)).total_cmp(&median(&self.shown(b)));
            match self.better {
                Better::Lower => order,
                Better::Higher => order.reverse(),
            }
        });
        ranked
    }

    pub(super) fn table(&self) -> String {
        let mut text = format!("| {} |", self.unit_line());
        let mut rule = "|---|".to_owned();
        for column in self.columns.iter().filter(|column| column.relative) {
            let _ = write!(text, " {} / {} |", column.heading, self.reference);
            rule.push_str("---|");
        }
        for column in &self.columns {
            let _ = write!(text, " {} |", column.heading);
            rule.push_str("---|");
        }
        let _ = write!(text, "\n{rule}\n");
        for entry in self.ranked() {
            let _ = write!(text, "| {} |", entry.name);
            for (at, column) in self.columns.iter().enumerate() {
                if column.relative {
                    let _ = write!(text, " {} |", ratio(&self.relative(entry, at)));
                }
            }
            for rounds in &entry.rounds {
                let _ = write!(text, " {} |", number(median(rounds)));
            }
            text.push('\n');
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }

    fn unit_line(&self) -> String {
        format!("{}, {}", self.unit, self.better.words())
    }
}
