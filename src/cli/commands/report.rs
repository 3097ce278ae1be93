//! `rigcheck report`: a recorded run as it was judged then.

use crate::{
    cli::{
        against::{Against, same_rig},
        args::OutputArgs,
        exit, judged,
        outputs::Outputs,
    },
    report,
};
use std::process::ExitCode;

/// `rigcheck report`.
#[derive(Debug, clap::Args)]
pub struct Report {
    /// The run: its id, the start of its id, a path, or `latest`
    #[arg(default_value = "latest")]
    pub run: String,
    /// What to write.
    #[command(flatten)]
    pub out: OutputArgs,
}

pub fn run(args: &Report, color: bool) -> anyhow::Result<ExitCode> {
    let mut outputs = Outputs::new(&args.out, color, &[])?;
    let shelf = super::shelf(None)?;
    let path = shelf.find(&args.run)?;
    let mut against = Against::open(&args.out, &shelf, Some(&path))?;
    let (recorded, doubt) = judged::open(&path)?;
    same_rig(&mut against, &recorded.profile.rig)?;
    outputs.recorded_in(path.display().to_string());
    let mut report = report::Report::of(&recorded.events);
    report.notices.extend(doubt);
    if let Some(against) = &against {
        against.put_into(&mut report);
    }
    outputs.write(&report)?;
    Ok(exit::of(&report, args.out.ending()))
}
