//! `rigcheck drift`: what is there now beside what was accepted.

use super::snapshot::capture::{captured, looking};
use crate::{
    cli::{
        args::SpecArgs,
        commands::folder_of,
        environments::{self, Yardstick},
        exit,
        outputs::{Output, Pages},
    },
    model::comparison::{Class, Comparison, Is},
    report::{Style, comparison},
};
use std::process::ExitCode;

/// `rigcheck drift`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with 0 where nothing material differs from what was accepted, 1 where something does, 3 where that could not be told.")]
pub struct Drift {
    /// The accepted environment: the name of a baseline, or a snapshot or document
    #[arg(long, value_name = "NAME")]
    pub against: String,
    /// End by what is new only: what was not known when it was accepted either does not count
    #[arg(long)]
    pub fail_on_new: bool,
    /// As FORMAT or FORMAT:PATH; repeatable, one without a path goes to standard output. Formats: human, json, html, markdown
    #[arg(long, short, value_name = "FORMAT[:PATH]")]
    pub output: Vec<Output>,
    /// List every fact, not only what differs
    #[arg(long, short)]
    pub verbose: bool,
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Run the programs that the spec names in ${exec:PROGRAM ARG ...}, for secrets
    #[arg(long)]
    pub allow_exec: bool,
}

pub async fn run(args: &Drift, color: bool) -> anyhow::Result<ExitCode> {
    let pages = Pages::new(&args.output, &super::snapshot::FORMATS)?;
    let (path, loaded) = looking(&args.spec, args.allow_exec)?;
    let yardstick = Yardstick::of(Some(&loaded), args.spec.checks.checks.as_deref())?;
    let accepted = yardstick.open(&environments::find(&args.against, folder_of(&path))?)?;
    let Some(now) = captured(&loaded, None).await? else { return Ok(exit::interrupted()) };
    let mut found = yardstick.beside(&now, &accepted, ["now", &args.against]);
    // Mostly it is the same environment by the same name.
    found.here.name = format!("{} now", found.here.name);
    found.there.name = format!("{} as accepted", found.there.name);
    pages.write(|format, width| comparison::render(&found, format, &Style { color, verbose: args.verbose, width, ..Style::default() }))?;
    Ok(if args.fail_on_new { new(&found) } else { environments::ending(&found) })
}

/// By what differs, and by what was known when it was accepted and is not known any more.
fn new(found: &Comparison) -> ExitCode {
    if found.rows.iter().any(|row| row.class.differs()) {
        1.into()
    } else if found.of(Class::Unknown).any(|row| row.wanted && row.there.is != Is::Unknown) {
        3.into()
    } else {
        ExitCode::SUCCESS
    }
}
