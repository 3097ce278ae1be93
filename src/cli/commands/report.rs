//! `rigcheck report`: a recorded run as it was judged then.

use crate::{
    cli::{args::OutputArgs, exit, outputs::Outputs},
    report,
    store::{self, Shelf},
};
use std::{path::Path, process::ExitCode};

/// `rigcheck report`.
#[derive(Debug, clap::Args)]
pub struct Report {
    /// The run: its id, the start of its id, a path, or `latest`
    pub run: String,
    /// What to write.
    #[command(flatten)]
    pub out: OutputArgs,
}

pub fn run(args: &Report, color: bool) -> anyhow::Result<ExitCode> {
    let mut outputs = Outputs::new(&args.out, color, &[])?;
    let path = Shelf::of(Path::new(".")).find(&args.run)?;
    let recorded = store::open(&path)?;
    outputs.recorded_in(path.display().to_string());
    let report = report::Report::of(&recorded.events);
    outputs.write(&report)?;
    Ok(exit::of(&report, args.out.exit_zero))
}
