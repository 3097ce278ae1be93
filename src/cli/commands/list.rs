//! `rigcheck list`: the cases and rules of this release.

use crate::{
    cli::{
        args::ChecksArgs,
        outputs::{flowing, listed, narrow, print, table},
    },
    spec::{catalogue::Catalogue, explain},
};
use comfy_table::{ColumnConstraint, Width};
use std::{fmt::Write as _, process::ExitCode};

/// Columns that the longest need takes as a whole.
const LONGEST_NEED: u16 = 26;

pub fn run(args: &ChecksArgs) -> anyhow::Result<ExitCode> {
    let catalogue = Catalogue::load(args.checks.as_deref())?;
    let mut text = String::new();
    let rows = explain::list(&catalogue);
    // A case stands above the table of its rules: ids are copied, and must not be broken.
    for case in rows.chunk_by(|_, next| !next.case) {
        let [head, rules @ ..] = case else { continue };
        let _ = write!(text, "{}\n{}", head.id, flowing(&format!("{} ({})", head.title, head.weight), 0));
        let cells: Vec<_> = rules.iter().map(cells).collect();
        if narrow() {
            let _ = writeln!(text, "{}", listed(["id", "title", "weight", "needs"], &cells));
            continue;
        }
        let mut table = table(["id", "title", "weight", "needs"]);
        let free = ColumnConstraint::LowerBoundary(Width::Fixed(0));
        let needs = ColumnConstraint::LowerBoundary(Width::Fixed(LONGEST_NEED + 2));
        table.set_constraints([ColumnConstraint::ContentWidth, free, free, needs]);
        table.add_rows(cells);
        let _ = writeln!(text, "{table}\n");
    }
    print(&format!("{text}`rigcheck explain ID` says more of each.\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn cells(rule: &explain::Row) -> [String; 4] {
    let weight = if rule.blocker { format!("{}, blocker", rule.weight) } else { rule.weight.to_owned() };
    [rule.id.clone(), rule.title.clone(), weight, rule.requires.join(", ")]
}
