//! `rigcheck explain ID`.

use crate::{
    cli::{args::ChecksArgs, outputs::print},
    reference::faults,
    spec::{catalogue::Catalogue, explain},
};
use anyhow::anyhow;
use std::process::ExitCode;

/// `rigcheck explain`.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// Id of a case or a rule
    pub id: String,
    /// Where the checks come from.
    #[command(flatten)]
    pub checks: ChecksArgs,
}

pub fn run(args: &Explain) -> anyhow::Result<ExitCode> {
    let catalogue = Catalogue::load(args.checks.checks.as_deref())?;
    let demo: Vec<&str> = faults::ALL.iter().map(|fault| fault.name).collect();
    let text = explain::explain(&catalogue, &args.id, &demo).map_err(|why| anyhow!(why))?;
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
