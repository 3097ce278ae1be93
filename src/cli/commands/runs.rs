//! `rigcheck runs`: what was recorded, and what becomes of it.

use super::{listing::Listed, plan::Shape, shelf};
use crate::{
    cli::{
        amounts::{lasting, size},
        judged,
        outputs::{self, flowing, print},
    },
    engine,
    model::units::Wall,
    report::phrases,
    store::{self, Bounds, FILES, Kept, Shelf, bytes_of, id_of},
};
use anyhow::bail;
use std::{
    fmt::Write as _,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// `rigcheck runs`.
#[derive(Debug, clap::Args)]
pub struct Runs {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What to do with recorded runs.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// List the runs, the newest first
    List {
        /// For people, or as JSON
        #[arg(long, short, value_enum, default_value_t = Shape::Human)]
        output: Shape,
    },
    /// Say what a run is and holds, and whether it is intact (`rigcheck report` shows its report)
    Show {
        /// The run: its id, the start of its id, a path, or `latest`
        #[arg(default_value = "latest")]
        run: String,
    },
    /// Write a run as one compressed file
    Export {
        /// The run: its id, the start of its id, a path, or `latest`
        #[arg(default_value = "latest")]
        run: String,
        /// The file, which must not exist; `-` for standard output
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Add a run that was exported elsewhere
    Import {
        /// The file
        file: PathBuf,
        /// The most that it may unpack to
        #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size)]
        max_bytes: u64,
    },
    /// Remove old runs: without a limit those that a run would remove by itself (beyond 50 runs or 1 GiB)
    #[command(
        after_help = "The newest run always stays. So does a run whose id stands in .rigcheck/keep (an id a line), or in any file below baselines/."
    )]
    Prune {
        /// Keep at most N runs
        #[arg(long, value_name = "N")]
        keep: Option<usize>,
        /// Keep at most so many bytes
        #[arg(long, value_name = "SIZE", value_parser = size)]
        max_bytes: Option<u64>,
        /// Remove runs that began longer ago: `90d`
        #[arg(long, value_name = "AGE", value_parser = lasting)]
        older_than: Option<i64>,
        /// Say what would go, and remove nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub fn run(args: &Runs) -> anyhow::Result<ExitCode> {
    let shelf = shelf(None)?;
    match &args.what {
        What::List { output } => list(&shelf, *output),
        What::Show { run } => return show(&shelf, run),
        What::Export { run, to } => export(&shelf.find(run)?, to),
        What::Import { file, max_bytes } => {
            let mut doubt = None;
            let check = |run: &store::Recorded| judged::check(run).map(|said| doubt = said);
            let run = store::import(&shelf, file, Bounds { bytes: *max_bytes, ..Bounds::default() }, check)?;
            let id = id_of(&run);
            if let Some(doubt) = doubt {
                eprintln!("note: {doubt}");
            }
            print(&format!("Imported run {id} into {}; `rigcheck report {id}` shows its report.\n", run.display()))
        }
        What::Prune { keep, max_bytes, older_than, dry_run } => {
            let none = keep.is_none() && max_bytes.is_none() && older_than.is_none();
            let since = older_than.map(|age| Wall(engine::wall_now().0.saturating_sub(age)));
            let kept = Kept { runs: keep.unwrap_or(usize::MAX), bytes: max_bytes.unwrap_or(u64::MAX), since };
            prune(&shelf, if none { Kept::default() } else { kept }, *dry_run)
        }
    }?;
    Ok(ExitCode::SUCCESS)
}

fn list(shelf: &Shelf, output: Shape) -> anyhow::Result<()> {
    let runs: Vec<_> = shelf.list()?.iter().map(|path| Listed::of(path)).collect();
    if output == Shape::Json {
        let list = serde_json::json!({ "schema": "rigcheck.runs/1", "runs": runs });
        return print(&(serde_json::to_string_pretty(&list)? + "\n"));
    }
    if runs.is_empty() {
        return print(&format!("There is no run in {}: `rigcheck audit` or `rigcheck demo` makes one.\n", shelf.runs().display()));
    }
    let mut text = String::new();
    for run in &runs {
        text += &flowing(&[&run.id, &*run.words(), &run.score_text()].join("  "), 0);
        let profile = if run.profile.is_empty() { String::new() } else { format!("profile {}", run.profile_text()) };
        let parts = [&run.began_text(), &run.rig, &profile, &phrases::bytes(run.bytes), &run.note()];
        text += &flowing(&parts.into_iter().filter(|p| !p.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" · "), 2);
    }
    let all = phrases::bytes(runs.iter().map(|r| r.bytes).sum());
    print(&format!("{text}\n{}, {all}, in {}.\n", phrases::count(runs.len() as u64, "run"), shelf.runs().display()))
}

fn show(shelf: &Shelf, wanted: &str) -> anyhow::Result<ExitCode> {
    let path = shelf.find(wanted)?;
    let run = Listed::of(&path);
    let mut text = format!("Run {}   {}\n\n", run.id, path.display());
    let mut line = |label: &str, says: &str| {
        if !says.is_empty() {
            let _ = writeln!(text, "{label:<10}{says}");
        }
    };
    line("began", &run.began_text());
    line("by", &run.by);
    line("rig", &run.rig);
    line("remark", run.remark.as_deref().unwrap_or_default());
    line("judged by", &run.judged_by);
    line("verdict", &run.verdict_text());
    line("waived", &run.waived.join(", "));
    for (at, source) in run.sources.iter().enumerate() {
        line(if at == 0 { "sources" } else { "" }, source);
    }
    line("holds", &run.holds);
    let files = FILES.into_iter().chain(["blobs"]).map(|file| (file, bytes_of(&path.join(file))));
    let files: Vec<_> = files.filter(|(_, bytes)| *bytes > 0).map(|(file, bytes)| format!("{file} {}", phrases::bytes(bytes))).collect();
    line("files", &files.join(" · "));
    if shelf.cites(&run.id)? {
        line("kept", "it is cited: pruning leaves it");
    }
    let intact = judged::open(&path);
    match &intact {
        Ok((_, None)) => line("intact", "yes: profile, answers and rows are those that were judged, and the verdict follows from them"),
        Ok((_, Some(doubt))) => line("intact", &format!("profile, answers and rows are those that were judged. {doubt}")),
        Err(why) => line("intact", &format!("no: {why:#}")),
    }
    if intact.is_ok() {
        let _ = write!(text, "\n`rigcheck report {0}` shows its report, `rigcheck replay {0}` judges it again.\n", run.id);
    }
    print(&text)?;
    if intact.is_err() {
        bail!("run {} is broken", run.id);
    }
    Ok(ExitCode::SUCCESS)
}

fn export(run: &Path, to: &Path) -> anyhow::Result<()> {
    if to != Path::new("-") {
        store::export_to(run, to)?;
        return print(&format!(
            "Wrote run {} to {} ({}); it holds what the sources answered, and no secrets of the spec.\n",
            id_of(run),
            to.display(),
            phrases::bytes(bytes_of(to))
        ));
    }
    if std::io::stdout().is_terminal() {
        bail!("an exported run is no text: write it to a file, or into a pipe");
    }
    outputs::print_bytes(&store::export(run, vec![])?)
}

fn prune(shelf: &Shelf, kept: Kept, dry_run: bool) -> anyhow::Result<()> {
    let doomed = shelf.doomed(kept)?;
    let mut text = String::new();
    for run in &doomed {
        let _ = writeln!(text, "{}   {:>9}   {}", id_of(&run.path), phrases::bytes(run.bytes), run.why);
    }
    let sum = phrases::bytes(doomed.iter().map(|r| r.bytes).sum());
    let count = phrases::count(doomed.len() as u64, "run");
    if dry_run {
        let _ = writeln!(text, "Would remove {count}, {sum}. Nothing was removed.");
    } else {
        shelf.prune(kept)?;
        let _ = writeln!(text, "Removed {count}, {sum}.");
    }
    print(&text)
}
