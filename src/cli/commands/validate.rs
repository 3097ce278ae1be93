//! `rigcheck validate`: every problem at once, or what is in scope.

use super::{Outlook, load};
use crate::{
    cli::{args::SpecArgs, outputs::print},
    spec::Exec,
};
use std::process::ExitCode;

/// `rigcheck validate`.
#[derive(Debug, clap::Args)]
pub struct Validate {
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Print the effective spec as YAML, with the origin of each value: file and line, --set, default, or the checks
    #[arg(long)]
    pub resolved: bool,
}

pub fn run(args: &Validate) -> anyhow::Result<ExitCode> {
    let (path, loaded) = load(&args.spec, Exec::NotRun)?;
    if !loaded.warnings.is_empty() {
        eprintln!("{}", loaded.warnings);
    }
    let over = Outlook::of(&loaded).over(&loaded);
    if let Some(over) = &over {
        eprintln!("warning: {over}");
    }
    if args.resolved {
        print(&loaded.resolved())?;
        return Ok(ExitCode::SUCCESS);
    }
    let but = match over {
        Some(_) => ", but asks for more than it allows",
        None if loaded.rules_in_scope() == 0 => ", but selects nothing to judge: `rigcheck audit` would end with 4",
        None => "",
    };
    let never = loaded.never_ready().map(|why| format!("! {why}.\n\n")).unwrap_or_default();
    let newer = loaded.newer.as_ref().map(|newest| {
        let path = path.display();
        format!("\nA newer edition of the checks is there: {newest}. `rigcheck upgrade --spec {path}` shows what it would change.\n")
    });
    print(&format!("{} is sound{but}.\n\n{never}{}{}", path.display(), loaded.summary(), newer.unwrap_or_default()))?;
    Ok(ExitCode::SUCCESS)
}
