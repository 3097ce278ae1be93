//! `rigcheck validate`: every problem at once, or what is in scope.

use super::load;
use crate::cli::{args::SpecArgs, outputs::print};
use std::process::ExitCode;

pub fn run(args: &SpecArgs) -> anyhow::Result<ExitCode> {
    let (path, loaded) = load(args)?;
    if !loaded.warnings.is_empty() {
        eprintln!("{}", loaded.warnings);
    }
    print(&format!("{} is sound.\n\n{}", path.display(), loaded.summary()))?;
    Ok(ExitCode::SUCCESS)
}
