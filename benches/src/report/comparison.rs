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
    pub(super) fn relation(&self, name: &str, reference: &str) -> Vec<f64> {
        match (self.entry(name), self.entry(reference)) {
            (Some(entry), Some(reference)) => ratios(&entry.rounds[0], &reference.rounds[0]),
            _ => Vec::new(),
        }
    }

    /// From the best to the worst by the median of the first column.
    pub(super) fn ranked(&self) -> Vec<&Entry> {
        let mut ranked: Vec<_> = self.entries.iter().collect();
        ranked.sort_by(|a, b| {
            let order = median(&a.rounds[0]).total_cmp(&median(&b.rounds[0]));
            match self.better {
                Better::Lower => order,
                Better::Higher => order.reverse(),
            }
        });
        ranked
    }

    pub(super) fn table(&self) -> String {
        let reference = self.entry(self.reference);
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
                    let reference = reference.map_or(&[][..], |entry| &entry.rounds[at]);
                    let _ = write!(text, " {} |", ratio(&ratios(&entry.rounds[at], reference)));
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
