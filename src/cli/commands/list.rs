//! `rigcheck list`: the cases and rules of this release.

use crate::{
    cli::{args::ChecksArgs, outputs::print},
    spec::{catalogue::Catalogue, explain},
};
use std::process::ExitCode;

pub fn run(args: &ChecksArgs) -> anyhow::Result<ExitCode> {
    let catalogue = Catalogue::load(args.checks.as_deref())?;
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header(["id", "title", "weight", "needs"]);
    for row in explain::list(&catalogue) {
        let weight = if row.blocker { format!("{}, blocker", row.weight) } else { row.weight.to_owned() };
        let id = if row.case { row.id } else { format!("  {}", row.id) };
        table.add_row([id, row.title, weight, row.requires.join(", ")]);
    }
    print(&format!("{table}\n`rigcheck explain ID` says more of each.\n"));
    Ok(ExitCode::SUCCESS)
}
