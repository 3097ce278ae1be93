//! `rigcheck replay`: what was answered then, judged again now.

use super::load_at;
use crate::{
    cli::{
        against::{Against, same_rig},
        args::{ChecksArgs, OutputArgs},
        exit,
        outputs::Outputs,
        run::{Collected, header},
    },
    engine::{
        Journal,
        replay::{asked_alike, replay},
    },
    model::{
        event::{Event, Header, Sink, Stamped},
        redactor::Redactor,
    },
    report::Report,
    spec::{Exec, Loaded},
    store::{self, Recorded},
};
use anyhow::bail;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// `rigcheck replay`.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// The run: its id, the start of its id, a path, or `latest`
    #[arg(default_value = "latest")]
    pub run: String,
    /// Judge it under this spec instead of the recorded one
    #[arg(long, short, value_name = "FILE")]
    pub spec: Option<PathBuf>,
    /// Another value for one key of that spec, as YAML; `null` removes it; repeatable
    #[arg(long, value_name = "PATH=VALUE", requires = "spec")]
    pub set: Vec<String>,
    /// Where the checks come from.
    #[command(flatten)]
    pub checks: ChecksArgs,
    /// Seed each rule's own fault into a copy of the evidence: what does not fail there counts less
    #[arg(long)]
    pub prove: bool,
    /// What to write.
    #[command(flatten)]
    pub out: OutputArgs,
}

pub fn run(args: &Replay, color: bool) -> anyhow::Result<ExitCode> {
    let mut outputs = Outputs::new(&args.out, color, &[])?;
    let shelf = super::shelf(args.spec.as_deref())?;
    let path = shelf.find(&args.run)?;
    let mut against = Against::open(&args.out, &shelf, args.spec.is_none().then_some(path.as_path()))?;
    let recorded = store::open(&path)?;
    outputs.recorded_in(path.display().to_string());
    let mut report = match &args.spec {
        None => {
            same_rig(&mut against, &recorded.profile.rig)?;
            as_recorded(&recorded, &path, args.prove)?
        }
        Some(spec) => {
            let loaded = load_at(spec, &args.set, args.checks.checks.as_deref(), Exec::Refused)?;
            let remark = format!("run {} judged again under {}", id_of(&path), spec.display());
            same_rig(&mut against, &loaded.profile.rig)?;
            judged_under(&recorded, &path, &loaded, Some(remark), args.prove)?
        }
    };
    if args.spec.is_none() {
        // Beside the report, which is the run's own to the letter.
        eprintln!("Run {} judged again by its own spec and waivers; `--spec FILE` judges it by another.\n", id_of(&path));
    }
    if let Some(against) = &against {
        against.put_into(&mut report);
    }
    outputs.write(&report)?;
    Ok(exit::of(&report, args.out.ending()))
}

fn id_of(run: &Path) -> String {
    run.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

fn as_recorded(recorded: &Recorded, path: &Path, prove: bool) -> anyhow::Result<Report> {
    let cases = recorded.profile.bind().map_err(|bad| {
        let why = bad.iter().map(|b| b.why.as_str()).collect::<Vec<_>>().join("; ");
        anyhow::anyhow!("{}: recorded with cases that this release does not know so ({why}); `--spec` judges it by this release's", path.display())
    })?;
    let proving = began(&recorded.events).filter(|_| prove).map(|h| Header { prove: true, ..h.clone() });
    Ok(told(|journal| replay(&recorded.events, &recorded.evidence, &recorded.profile, &cases, proving.as_ref(), journal)))
}

/// A recorded run as another spec judges it. Rules that were put to the proof then are again. A run of one target says nothing
/// about another; what only goes by another name is told, and so is what that spec does not look at any more.
pub(super) fn judged_under(recorded: &Recorded, path: &Path, loaded: &Loaded, remark: Option<String>, prove: bool) -> anyhow::Result<Report> {
    let (then, now) = (&recorded.profile.rig, &loaded.profile.rig);
    if then.target_url() != now.target_url() {
        let (id, was, is) = (id_of(path), then.target_url(), now.target_url());
        bail!("run {id} had the target {was}, and the spec has {is}: what was recorded of one rig says nothing about another; audit that one");
    }
    let renamed = (then.name != now.name).then(|| format!("run of rig {} judged as {}", then.name, now.name));
    let remark = match (remark, renamed) {
        (Some(remark), Some(renamed)) => Some(format!("{remark}; {renamed}")),
        (remark, renamed) => remark.or(renamed),
    };
    let prove = prove || began(&recorded.events).is_some_and(|h| h.prove);
    let header = Header { prove, lacks: now.lacks(then), ..header(&id_of(path).as_str().into(), loaded, remark) };
    let evidence = asked_alike(&recorded.evidence, then, now);
    Ok(told(|journal| replay(&recorded.events, &evidence, &loaded.profile, &loaded.cases, Some(&header), journal)))
}

/// The report on what is told.
fn told(tell: impl FnOnce(&Journal)) -> Report {
    let collected = Arc::new(Collected::default());
    tell(&Journal::new(vec![Arc::clone(&collected) as Arc<dyn Sink>], Redactor::default()));
    Report::of(&collected.events())
}

/// How the run was described when it began.
fn began(events: &[Stamped]) -> Option<&Header> {
    events.iter().find_map(|e| if let Event::Began(header) = &e.event { Some(header) } else { None })
}
