//! All comparisons in one table: ours in relation to the others.

use std::fmt::Write as _;

use super::format::ratio;
use super::{Comparison, Finding, Section};
use crate::contestants::{BY_HAND, Kind, OURS};

pub(super) fn table(sections: &[Section]) -> String {
    let mut text = format!(
        "\n## In short\n\n\
         `{OURS}` divided by the other, round by round: median (quartiles). For times less than 1 is better, for rates \
         more.\n\n\
         | | unit | / reference | / by hand | / best peer |\n|---|---|---|---|---|\n"
    );
    let findings = sections.iter().flat_map(|section| &section.findings);
    for finding in findings {
        if let Finding::Comparison(comparison) = finding {
            row(&mut text, comparison);
        }
    }
    text
}

fn row(text: &mut String, comparison: &Comparison) {
    let to = |name: &str| ratio(&comparison.relation(OURS, name));
    let peer = comparison
        .ranked()
        .into_iter()
        .find(|entry| entry.kind == Kind::Peer);
    let _ = writeln!(
        text,
        "| {} | {} | {} {} | {} | {} |",
        comparison.question,
        comparison.unit,
        to(comparison.reference),
        comparison.reference,
        to(BY_HAND),
        peer.map_or_else(
            || "–".to_owned(),
            |peer| format!("{} {}", to(peer.name), peer.name)
        ),
    );
}
