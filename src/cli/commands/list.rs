//! `rigcheck list`: the cases and rules of this release.

use crate::{
    cli::{
        args::ChecksArgs,
        outputs::{print, table},
    },
    spec::{catalogue::Catalogue, explain},
};
use comfy_table::{ColumnConstraint, Width};
use std::{fmt::Write as _, process::ExitCode};

/// Columns from which on there is room for the longest need as a whole.
const ROOMY: u16 = 80;
const LONGEST_NEED: u16 = 26;

pub fn run(args: &ChecksArgs) -> anyhow::Result<ExitCode> {
    let catalogue = Catalogue::load(args.checks.as_deref())?;
    let mut text = String::new();
    let rows = explain::list(&catalogue);
    // A case stands above the table of its rules: ids are copied, and must not be broken.
    for case in rows.chunk_by(|_, next| !next.case) {
        let [head, rules @ ..] = case else { continue };
        let mut table = table(["id", "title", "weight", "needs"]);
        let width = table.width().unwrap_or(ROOMY);
        let (needs, between) = if width >= ROOMY { (Width::Fixed(LONGEST_NEED + 2), ", ") } else { (Width::Fixed(0), "\n") };
        let free = ColumnConstraint::LowerBoundary(Width::Fixed(0));
        table.set_constraints([ColumnConstraint::ContentWidth, free, free, ColumnConstraint::LowerBoundary(needs)]);
        for rule in rules {
            let weight = if rule.blocker { format!("{}, blocker", rule.weight) } else { rule.weight.to_owned() };
            table.add_row([rule.id.clone(), rule.title.clone(), weight, rule.requires.join(between)]);
        }
        let _ = writeln!(text, "{}\n{}\n{table}\n", head.id, flowing(&format!("{} ({})", head.title, head.weight), width.into()));
    }
    print(&format!("{text}`rigcheck explain ID` says more of each.\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Words on lines of at most so many columns.
fn flowing(text: &str, width: usize) -> String {
    let mut at = 0;
    let mut out = String::new();
    for word in text.split(' ') {
        let long = word.chars().count();
        if at > 0 {
            let fits = at + 1 + long <= width;
            out.push(if fits { ' ' } else { '\n' });
            at = if fits { at + 1 } else { 0 };
        }
        out.push_str(word);
        at += long;
    }
    out
}
