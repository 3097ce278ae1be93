use crate::{
    cli::{
        args::ChecksArgs,
        commands::home,
        environments::{self, Yardstick},
        outputs::print,
    },
    model::glob::Glob,
    report::facts,
};
use std::process::ExitCode;

/// `rigcheck snapshot show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// A snapshot, a document, or the name of a baseline
    pub environment: String,
    /// Only these facts: a pattern with `*` for anything, such as 'gateway.python.*'
    pub facts: Option<String>,
    /// Where the checks come from.
    #[command(flatten)]
    pub checks: ChecksArgs,
}

pub fn run(args: &Show) -> anyhow::Result<ExitCode> {
    let yardstick = Yardstick::of(None, args.checks.checks.as_deref())?;
    let evidence = yardstick.open(&environments::find(&args.environment, &home(None)?)?)?;
    let only = args.facts.clone().map(Glob::from);
    print(&facts::listed(&evidence, only.as_ref()))?;
    Ok(ExitCode::SUCCESS)
}
