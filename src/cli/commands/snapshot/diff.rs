use crate::{
    cli::{
        args::SpecArgs,
        commands::{home, yardstick},
        environments,
        outputs::{Output, Pages},
    },
    report::{Format, Style, comparison},
};
use std::process::ExitCode;

/// `rigcheck snapshot diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with 0 where nothing material differs, 1 where something does, 3 where that could not be told. What the spec \
                  says under `environment` (scale, names, waivers) and under its cases counts here, too.")]
pub struct Diff {
    /// The environment under test: a snapshot, a document, or the name of a baseline
    pub here: String,
    /// The one that it stands for
    pub there: String,
    /// As FORMAT or FORMAT:PATH; repeatable, one without a path goes to standard output. Formats: human, json, html, markdown
    #[arg(long, short, value_name = "FORMAT[:PATH]")]
    pub output: Vec<Output>,
    /// List every fact, not only what differs
    #[arg(long, short)]
    pub verbose: bool,
    /// End with 0 whatever differs
    #[arg(long)]
    pub exit_zero: bool,
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
}

/// Formats of a comparison.
pub const FORMATS: [Format; 4] = [Format::Human, Format::Json, Format::Html, Format::Markdown];

pub fn run(args: &Diff, color: bool) -> anyhow::Result<ExitCode> {
    let pages = Pages::new(&args.output, &FORMATS)?;
    let (yardstick, home) = (yardstick(&args.spec)?, home(args.spec.spec.as_deref())?);
    let read = |wanted: &str| yardstick.open(&environments::find(wanted, &home)?);
    let found = yardstick.beside(&read(&args.here)?, &read(&args.there)?, [&args.here, &args.there]);
    pages.write(|format, width| comparison::render(&found, format, &Style { color, verbose: args.verbose, width, ..Style::default() }))?;
    Ok(if args.exit_zero { ExitCode::SUCCESS } else { environments::ending(&found) })
}
