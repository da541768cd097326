//! Several contestants at a task that grows.

use std::fmt::Write as _;

use super::Better;
use super::format::{mark, number, ratio, ratios};
use crate::contestants::{Contestant, Kind};
use crate::stats::median;

/// One contestant: at each point what the rounds gave. Empty where it was not measured.
#[derive(Clone, Debug)]
pub(crate) struct Swept {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) points: Vec<Vec<f64>>,
}

impl Swept {
    /// One for each, without rounds so far.
    pub(crate) fn each<E: ?Sized>(all: &[Contestant<E>], points: usize) -> Vec<Self> {
        all.iter()
            .map(|contestant| Self {
                name: contestant.name,
                kind: contestant.kind,
                points: vec![Vec::new(); points],
            })
            .collect()
    }
}

#[derive(Debug)]
pub(crate) struct Sweep {
    /// The name of the plot's file.
    pub(crate) id: String,
    pub(crate) question: String,
    /// What grows.
    pub(crate) axis: &'static str,
    pub(crate) at: Vec<f64>,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    pub(crate) reference: &'static str,
    pub(crate) series: Vec<Swept>,
    pub(crate) notes: Vec<String>,
}

impl Sweep {
    pub(super) fn table(&self) -> String {
        let mut text = self.rows(&format!("ratio to {}", self.reference), |series, at| {
            ratio(&self.relative(series, at))
        });
        self.to_best_peer(&mut text);
        text.push('\n');
        text += &self.rows(
            &format!("{}, {}", self.unit, self.better.words()),
            |series, at| {
                let mut rounds = series.points[at].clone();
                rounds.retain(|round| round.is_finite());
                number(median(&rounds))
            },
        );
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }

    /// Ours in relation to the best peer at each point, round by round.
    fn to_best_peer(&self, text: &mut String) {
        let Some(ours) = self.series.iter().find(|series| series.kind == Kind::Ours) else {
            return;
        };
        let relations: Vec<_> = (0..self.at.len())
            .filter_map(|at| {
                let peer = self.best_peer(at)?;
                let relation = ratios(&ours.points[at], &peer.points[at]);
                Some(format!(" {} {} |", ratio(&relation), peer.name))
            })
            .collect();
        if relations.len() == self.at.len() {
            let _ = writeln!(text, "| {} / best peer |{}", ours.name, relations.concat());
        }
    }

    fn best_peer(&self, at: usize) -> Option<&Swept> {
        let reached = |series: &&Swept| match (self.better, median(&self.relative(series, at))) {
            (Better::Higher, reached) => reached,
            (Better::Lower, reached) => -reached,
        };
        self.series
            .iter()
            .filter(|series| series.kind == Kind::Peer && reached(series).is_finite())
            .max_by(|a, b| reached(a).total_cmp(&reached(b)))
    }

    /// What one contestant gave at a point in relation to the reference.
    pub(super) fn relative(&self, series: &Swept, at: usize) -> Vec<f64> {
        let reference = self
            .series
            .iter()
            .find(|series| series.name == self.reference)
            .map_or(&[][..], |reference| &reference.points[at]);
        ratios(&series.points[at], reference)
    }

    fn rows(&self, corner: &str, cell: impl Fn(&Swept, usize) -> String) -> String {
        let mut text = format!("| {corner} |");
        for at in &self.at {
            let _ = write!(text, " {} |", mark(*at));
        }
        let _ = write!(text, "\n|---|{}\n", "---|".repeat(self.at.len()));
        for series in &self.series {
            let _ = write!(text, "| {} |", series.name);
            for at in 0..self.at.len() {
                let _ = write!(text, " {} |", cell(series, at));
            }
            text.push('\n');
        }
        text
    }
}
