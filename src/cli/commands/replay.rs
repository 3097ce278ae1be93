//! `rigcheck replay`: what was answered then, judged again now.

use super::load_at;
use crate::{
    cli::{
        args::{ChecksArgs, OutputArgs},
        exit,
        outputs::Outputs,
        run::{Collected, header},
    },
    engine::{
        Journal,
        replay::{asked_alike, replay},
    },
    model::{event::Sink, redactor::Redactor},
    report::Report,
    store::{self, Shelf},
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// `rigcheck replay`.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// The run: its id, the start of its id, a path, or `latest`
    pub run: String,
    /// Judge it under this spec instead of the recorded one
    #[arg(long, short, value_name = "FILE")]
    pub spec: Option<PathBuf>,
    /// Where the checks come from.
    #[command(flatten)]
    pub checks: ChecksArgs,
    /// What to write.
    #[command(flatten)]
    pub out: OutputArgs,
}

pub fn run(args: &Replay, color: bool) -> anyhow::Result<ExitCode> {
    let mut outputs = Outputs::new(&args.out, color, &[])?;
    let path = Shelf::of(Path::new(".")).find(&args.run)?;
    let recorded = store::open(&path)?;
    outputs.recorded_in(path.display().to_string());
    let collected = Arc::new(Collected::default());
    let journal = Journal::new(vec![Arc::clone(&collected) as Arc<dyn Sink>], Redactor::default());
    match &args.spec {
        None => {
            let cases = recorded.profile.bind().map_err(|bad| {
                let why = bad.iter().map(|b| b.why.as_str()).collect::<Vec<_>>().join("; ");
                anyhow::anyhow!(
                    "{}: recorded with cases that this release does not know so ({why}); `--spec` judges it by this release's",
                    path.display()
                )
            })?;
            replay(&recorded.events, &recorded.evidence, &recorded.profile, &cases, None, &journal);
        }
        Some(spec) => {
            let loaded = load_at(spec, args.checks.checks.as_deref())?;
            let id = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            let remark = format!("run {id} judged again under {}", spec.display());
            let header = header(&id.as_str().into(), &loaded.profile, Some(remark));
            let evidence = asked_alike(&recorded.evidence, &recorded.profile.rig, &loaded.profile.rig);
            replay(&recorded.events, &evidence, &loaded.profile, &loaded.cases, Some(&header), &journal);
        }
    }
    let report = Report::of(&collected.events());
    outputs.write(&report)?;
    Ok(exit::of(&report, args.out.exit_zero))
}
