//! What was found, for people: Markdown and plots.

mod bars;
mod canvas;
mod comparison;
mod format;
mod lines;
mod summary;
mod sweep;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;

pub(crate) use self::comparison::{Column, Comparison, Entry};
pub(crate) use self::sweep::{Sweep, Swept};

/// Which way is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Lower,
    Higher,
}

impl Better {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Lower => "lower is better",
            Self::Higher => "higher is better",
        }
    }
}

/// One table with its plot.
#[derive(Debug)]
pub(crate) enum Finding {
    Comparison(Comparison),
    Sweep(Sweep),
}

/// The findings of one measure.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) about: String,
    pub(crate) findings: Vec<Finding>,
}

/// The report of one run.
#[derive(Debug)]
pub(crate) struct Report {
    /// Where and how it was measured.
    pub(crate) preface: String,
    pub(crate) sections: Vec<Section>,
}

impl Report {
    /// Writes `REPORT.md` and the plots.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder.join("plots"))?;
        let mut text = format!("# Benchmarks\n\n{}\n", self.preface);
        text.push_str(&summary::table(&self.sections));
        for section in &self.sections {
            let _ = write!(text, "\n## {}\n\n{}\n", section.title, section.about);
            for finding in &section.findings {
                let file = format!("plots/{}.svg", finding.id());
                finding.draw(&folder.join(&file))?;
                let _ = write!(text, "\n![{}]({file})\n\n", finding.question());
                text.push_str(&finding.table());
            }
        }
        fs::write(folder.join("REPORT.md"), text)?;
        Ok(())
    }
}

impl Finding {
    fn id(&self) -> &str {
        match self {
            Self::Comparison(comparison) => &comparison.id,
            Self::Sweep(sweep) => &sweep.id,
        }
    }

    fn question(&self) -> &str {
        match self {
            Self::Comparison(comparison) => &comparison.question,
            Self::Sweep(sweep) => &sweep.question,
        }
    }

    fn table(&self) -> String {
        match self {
            Self::Comparison(comparison) => comparison.table(),
            Self::Sweep(sweep) => sweep.table(),
        }
    }

    fn draw(&self, file: &Path) -> Result<()> {
        match self {
            Self::Comparison(comparison) => bars::draw(comparison, file),
            Self::Sweep(sweep) => lines::draw(sweep, file),
        }
    }
}
