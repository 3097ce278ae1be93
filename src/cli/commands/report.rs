//! `rigcheck report`: a recorded run as it was judged then.

use crate::{
    cli::{args, exit, outputs::Outputs},
    report::Report,
    store::{self, Shelf},
};
use std::{path::Path, process::ExitCode};

pub fn run(args: &args::Report, color: bool) -> anyhow::Result<ExitCode> {
    let mut outputs = Outputs::new(&args.out, color, &[])?;
    let path = Shelf::of(Path::new(".")).find(&args.run)?;
    let recorded = store::open(&path)?;
    outputs.recorded_in(path.display().to_string());
    let report = Report::of(&recorded.events);
    outputs.write(&report)?;
    Ok(exit::of(&report, args.out.exit_zero))
}
