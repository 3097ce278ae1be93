//! `rigcheck baseline`: environments that somebody accepted, their configurations and their ways, kept beside the spec as text that can be reviewed.

use super::{home, yardstick};
use crate::{
    cli::{
        args::SpecArgs,
        environments::{self, Yardstick},
        outputs::{print, rows},
    },
    engine,
    fidelity::Tolerance,
    model::{
        environment::{ENVIRONMENT, SNAPSHOT},
        evidence::Evidence,
        key::{Facts, Query, World},
        name::{Name, name},
        snapshot::{About, Accepted, NOTED},
        units::Count,
    },
    report::{Style, comparison, facts, ways},
    spec::environment::BASELINES,
    store::{
        self,
        baseline::{self, Of},
    },
};
use anyhow::{anyhow, bail};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// `rigcheck baseline`.
#[derive(Debug, clap::Args)]
pub struct Baseline {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What to do with baselines.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// Accept an environment: others are compared with it by its name
    Accept(Accept),
    /// List the accepted environments
    List,
    /// Show an accepted environment, its configuration and its ways, and who accepted it when and why
    Show {
        /// Its name
        name: String,
    },
}

/// `rigcheck baseline accept`.
#[derive(Debug, clap::Args)]
pub struct Accept {
    /// A recorded run (its id, the start of its id, or `latest`), a snapshot, or a document
    pub environment: String,
    /// The name that it gets
    #[arg(long = "as", value_name = "NAME")]
    pub name: String,
    /// Who answers for it
    #[arg(long, value_name = "WHO")]
    pub by: String,
    /// Why it is accepted
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// What may differ from it, as FACTS=HOW_FAR: 'host.memory.total=5%', '*.packages.*=patch', '*.env.BUILD_ID=noted'; repeatable
    #[arg(long, value_name = "FACTS=HOW_FAR", value_parser = tolerance)]
    pub tolerate: Vec<(String, String)>,
    /// Replace the baseline of this name; what changes is shown
    #[arg(long)]
    pub replace: bool,
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
}

fn tolerance(text: &str) -> Result<(String, String), String> {
    let (facts, far) = text.rsplit_once('=').ok_or("write it as 'host.memory.total=5%'")?;
    match Tolerance::of(far) {
        Some(_) if !facts.trim().is_empty() => Ok((facts.trim().into(), far.into())),
        Some(_) => Err("name the facts before `=`".into()),
        None => Err(format!("`{far}` is no distance; write `5%`, `patch`, `minor`, or `{NOTED}` for anything")),
    }
}

pub fn run(args: &Baseline) -> anyhow::Result<ExitCode> {
    let folder = |spec: Option<&Path>| Ok::<_, anyhow::Error>(home(spec)?.join(BASELINES));
    match &args.what {
        What::Accept(accept) => self::accept(accept, &folder(accept.spec.spec.as_deref())?),
        What::List => list(&folder(None)?),
        What::Show { name } => show(name, &folder(None)?),
    }
}

/// What is kept of an environment.
const KINDS: [Of; 2] = [Of::Configuration, Of::Network];

/// The folders of all accepted environments, by name.
fn all(folder: &Path) -> anyhow::Result<BTreeMap<Name, PathBuf>> {
    let mut all = BTreeMap::new();
    for kind in KINDS {
        all.extend(kind.list(folder)?);
    }
    Ok(all)
}

fn show(name: &str, folder: &Path) -> anyhow::Result<ExitCode> {
    let path = folder.join(name);
    let texts = KINDS.into_iter().filter(|kind| kind.is(&path)).map(|kind| Ok(kind.text(&kind.open(&path)?)));
    let texts = texts.collect::<anyhow::Result<Vec<_>>>()?;
    if texts.is_empty() {
        let known: Vec<String> = all(folder)?.into_keys().map(|name| name.0).collect();
        let has = if known.is_empty() { "none".into() } else { known.join(", ") };
        bail!("there is no baseline `{name}` in {}; it has {has}", folder.display());
    }
    print(&texts.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn list(folder: &Path) -> anyhow::Result<ExitCode> {
    let all = all(folder)?;
    if all.is_empty() {
        eprintln!(
            "There is no baseline in {}; `rigcheck baseline accept SNAPSHOT --as NAME --by WHO --why TEXT` makes one of a configuration, \
             `rigcheck network record --as NAME --by WHO --because TEXT` one of the ways to endpoints.",
            folder.display()
        );
        return Ok(ExitCode::SUCCESS);
    }
    let kept = all.iter().flat_map(|(name, path)| KINDS.into_iter().filter(|kind| kind.is(path)).map(move |kind| row(name, kind, path)));
    print(&rows(["baseline", "of", "as of", "accepted by", "why, and what it holds"], &kept.collect::<Vec<_>>()))?;
    Ok(ExitCode::SUCCESS)
}

fn row(name: &Name, kind: Of, path: &Path) -> [String; 5] {
    let of = match kind {
        Of::Configuration => "configuration",
        Of::Network => "ways",
    };
    let evidence = match kind.open(path) {
        Err(error) => return [name.0.clone(), of.into(), String::new(), String::new(), error.to_string()],
        Ok(evidence) => evidence,
    };
    let (as_of, by, at, why, holds) = match kind {
        Of::Configuration => {
            let about = about(&evidence).unwrap_or_default();
            let accepted = about.accepted.unwrap_or_default();
            (about.as_of, accepted.by, accepted.at, accepted.why, facts::summary(&evidence).0)
        }
        Of::Network => {
            let recording = ways::recording(&evidence).unwrap_or_default();
            let (by, at, why) = recording.accepted.unwrap_or_default();
            (recording.as_of, by, at, why, Count(recording.endpoints.len() as u64).of("endpoint"))
        }
    };
    [name.0.clone(), of.into(), as_of.to_string(), format!("{by} on {at}"), format!("{why}; {holds}")]
}

fn accept(args: &Accept, folder: &Path) -> anyhow::Result<ExitCode> {
    for (what, text) in [("--by", &args.by), ("--why", &args.why), ("--as", &args.name)] {
        if text.trim().is_empty() {
            bail!("{what}: say it; a baseline shows who accepted it, when and why");
        }
    }
    if args.name.starts_with('.') || !args.name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) {
        bail!("--as {}: a baseline's name has letters, digits, `-`, `_` and `.` only: it is a folder's name", args.name);
    }
    let yardstick = yardstick(&args.spec)?;
    let mut evidence = read(args, &yardstick)?;
    let mut itself = about(&evidence).ok_or_else(|| anyhow!("{} does not say what it is a snapshot of", args.environment))?;
    let tolerances: BTreeMap<String, String> = args.tolerate.iter().cloned().collect();
    itself.accepted = Some(Accepted { by: args.by.trim().into(), at: engine::wall_now(), why: args.why.trim().into(), tolerances });
    let told = itself.fact(&format!("accepted from {}", args.environment));
    evidence.put(told.key, told.answer);
    let path = folder.join(&args.name);
    if baseline::is(&path) {
        let before = baseline::open(&path)?;
        let found = yardstick.beside(&evidence, &before, ["the new one", "the accepted one"]);
        eprint!("{}", comparison::human(&found, &Style { width: 120, ..Style::default() }));
        if !args.replace {
            bail!("{} is accepted already; look at what changes above, and say --replace to accept that", path.display());
        }
    }
    baseline::write(&path, &evidence)?;
    let (summary, _) = facts::summary(&evidence);
    eprintln!("{} accepted as {}: {summary}. It is text: review and commit {}.", args.environment, args.name, path.display());
    Ok(ExitCode::SUCCESS)
}

/// From a file; else from the facts of a recorded run.
fn read(args: &Accept, yardstick: &Yardstick) -> anyhow::Result<Evidence> {
    let path = Path::new(&args.environment);
    if environments::is(path) {
        return yardstick.open(path);
    }
    let run = super::shelf(args.spec.spec.as_deref())?.find(&args.environment)?;
    let recorded = store::open(&run)?;
    let of_environment =
        |key: &crate::model::key::Key| key.world == World::Live && key.source.as_str() == ENVIRONMENT && matches!(key.query, Query::Facts(_));
    let mut evidence = Evidence::default();
    for (key, answer) in recorded.evidence.iter().filter(|(key, _)| of_environment(key)) {
        evidence.put(key.clone(), answer.clone());
    }
    if evidence.is_empty() {
        bail!("run {} did not look at configurations: add `environment` to its spec and audit again, or capture a snapshot", store::id_of(&run));
    }
    Ok(evidence)
}

/// What a snapshot says of itself.
fn about(evidence: &Evidence) -> Option<About> {
    let got = evidence.get(&World::Live, &name(ENVIRONMENT), &Facts { scope: name(SNAPSHOT) }).ok()?;
    About::read(got.value).ok()
}
