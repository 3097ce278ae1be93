//! `rigcheck explain ID`.

use crate::{
    cli::{args::Explain, outputs::print},
    spec::{catalogue::Catalogue, explain},
};
use anyhow::anyhow;
use std::process::ExitCode;

pub fn run(args: &Explain) -> anyhow::Result<ExitCode> {
    let catalogue = Catalogue::load(args.checks.checks.as_deref())?;
    let text = explain::explain(&catalogue, &args.id).map_err(|why| anyhow!(why))?;
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
