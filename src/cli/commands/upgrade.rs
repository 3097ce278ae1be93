//! `rigcheck upgrade`: what the newest edition of the checks would change, shown on a recorded run.

use super::{folder_of, load, load_at, replay::judged_under};
use crate::{
    cli::{args::SpecArgs, outputs::print},
    report::moved,
    spec::{self, Exec, Loaded, bounded_file, replace_spec::replace, rewrite::with_edition},
    store::{self, Shelf},
};
use anyhow::{Context, anyhow};
use std::{fmt::Write as _, path::Path, process::ExitCode};

/// `rigcheck upgrade`.
#[derive(Debug, clap::Args)]
pub struct Upgrade {
    /// The run that both editions judge: its id, the start of its id, a path, or `latest` [default: the latest, if there is one]
    #[arg(long)]
    pub run: Option<String>,
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Write the newest edition into the spec; nothing else in it changes
    #[arg(long)]
    pub write: bool,
}

pub fn run(args: &Upgrade) -> anyhow::Result<ExitCode> {
    let (path, now) = load(&args.spec, Exec::NotRun)?;
    let (shown, edition) = (path.display(), &now.profile.checks);
    let Some(newest) = &now.newer else {
        print(&format!("{shown} is judged by checks {edition}. There is no newer edition in this release: nothing to upgrade.\n"))?;
        return Ok(ExitCode::SUCCESS);
    };
    let text = bounded_file::yaml(&path).with_context(|| format!("reading {shown}"))?;
    let new = with_edition(&text, newest).ok_or_else(|| {
        anyhow!("{shown} does not say `checks:` itself, or not as a plain value; write `checks: \"{newest}\"` where it says it, and compare by `rigcheck replay`")
    })?;
    let set: Vec<_> = args.spec.set.iter().cloned().chain([format!("checks=\"{newest}\"")]).collect();
    let then = load_at(&path, &set, args.spec.checks.checks.as_deref(), Exec::NotRun)?;
    if !then.warnings.is_empty() {
        eprintln!("{}", then.warnings);
    }
    let mut said = format!("Checks {edition} → {}\n\n{}\n", then.profile.checks, changes(&now, &then));
    said.push_str(&on_a_run(args, &path, &now, &then)?);
    let _ = write!(said, "\n{shown}:{}\n- checks: {}\n+ checks: {}\n", new.line, new.was, new.now);
    if args.write {
        replace(&path, &text, &new.text).with_context(|| format!("writing {shown}"))?;
        said.push_str("Written.\n");
    } else {
        said.push_str("Nothing was changed. Change that line to move, or let `--write` do it.\n");
    }
    print(&said)?;
    Ok(ExitCode::SUCCESS)
}

/// What the later edition judges otherwise, in the words of a spec.
fn changes(now: &Loaded, then: &Loaded) -> String {
    let changes = spec::between(&now.profile, &then.profile);
    let mut out = String::new();
    for (nth, change) in changes.iter().enumerate() {
        let _ = writeln!(out, "{:<10}{change}", if nth == 0 { "changes" } else { "" });
    }
    if out.is_empty() { "changes   none that this spec would notice\n".into() } else { out }
}

fn on_a_run(args: &Upgrade, spec: &Path, now: &Loaded, then: &Loaded) -> anyhow::Result<String> {
    let shelf = Shelf::of(folder_of(spec));
    let wanted = match &args.run {
        Some(run) => run,
        None if shelf.list()?.is_empty() => {
            let runs = shelf.runs();
            return Ok(format!("No run is in {}, so that it is not known what would move: `rigcheck audit` records one.\n", runs.display()));
        }
        None => "latest",
    };
    let path = shelf.find(wanted)?;
    let recorded = store::open(&path)?;
    let (before, after) = (judged_under(&recorded, &path, now, None, false)?, judged_under(&recorded, &path, then, None, false)?);
    Ok(format!("Run {}, judged by both:\n{}", path.display(), moved(&before, &after)))
}
