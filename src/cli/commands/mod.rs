//! One file per command.

pub mod audit;
pub mod baseline;
pub mod burn;
pub mod demo;
pub mod drift;
pub mod explain;
pub mod generate;
pub mod init;
mod list;
mod listing;
pub mod mock;
pub mod network;
pub mod noise;
mod outlook;
pub mod plan;
mod probe;
pub mod replay;
pub mod report;
pub mod runs;
pub mod snapshot;
pub mod trace;
pub mod upgrade;
pub mod validate;
pub mod waive;

use super::{
    args::{Args, Color, Command, SpecArgs},
    environments::Yardstick,
};
use crate::{
    engine,
    spec::{self, Exec, Loaded, discover::NotFound},
    store::Shelf,
};
use outlook::Outlook;
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Does what the arguments say.
pub async fn dispatch(args: Args) -> anyhow::Result<ExitCode> {
    let color = color(args.color);
    match args.command {
        Command::Demo(demo) => demo::run(demo, color).await,
        Command::Init(init) => init::run(init).await,
        Command::Audit(audit) => audit::run(audit, color).await,
        Command::Plan(plan) => plan::run(&plan).await,
        Command::Validate(validate) => validate::run(&validate),
        Command::List(checks) => list::run(&checks),
        Command::Explain(explain) => explain::run(&explain),
        Command::Replay(replay) => replay::run(&replay, color),
        Command::Report(report) => report::run(&report, color),
        Command::Upgrade(upgrade) => upgrade::run(&upgrade),
        Command::Runs(runs) => runs::run(&runs),
        Command::Trace(trace) => trace::run(&trace).await,
        Command::Waive(waive) => waive::run(&waive),
        Command::Snapshot(what) => snapshot::run(&what, color).await,
        Command::Baseline(what) => baseline::run(&what),
        Command::Drift(drift) => drift::run(&drift, color).await,
        Command::Noise(noise) => noise::run(noise, color).await,
        Command::Network(what) => network::run(what, color).await,
        Command::Mock(mock) => mock::run(mock).await,
        Command::Burn(burn) => burn::run(burn).await,
        Command::Generate(generate) => generate::run(&generate),
    }
}

#[allow(clippy::disallowed_methods, reason = "the command line reads the environment")]
fn color(wish: Color) -> bool {
    match wish {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stdout().is_terminal() && std::env::var("NO_COLOR").map_or(true, |v| v.is_empty()),
    }
}

/// The environment, for `${env:X}`.
#[allow(clippy::disallowed_methods, reason = "the command line reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The spec that the arguments name, or the nearest one, and what it means.
#[allow(clippy::disallowed_methods, reason = "the nearest spec is looked for from the working directory on")]
fn load(args: &SpecArgs, exec: Exec) -> anyhow::Result<(PathBuf, Loaded)> {
    let path = match &args.spec {
        Some(path) => path.clone(),
        None => spec::discover::find(&std::env::current_dir()?)?,
    };
    let loaded = load_at(&path, &args.set, args.checks.checks.as_deref(), exec)?;
    Ok((path, loaded))
}

fn load_at(path: &Path, changes: &[String], checks: Option<&Path>, exec: Exec) -> anyhow::Result<Loaded> {
    let options = spec::Options { checks_dir: checks.map(Path::to_owned), env: &environment, exec };
    Ok(spec::load_changed(path, changes, &options)?.as_of(engine::wall_now()))
}

/// What environments are compared by: the spec, if there is one; a broken one is an error.
fn yardstick(args: &SpecArgs) -> anyhow::Result<Yardstick> {
    let loaded = match load(args, Exec::NotRun) {
        Ok((_, loaded)) => Some(loaded),
        Err(error) if matches!(error.downcast_ref(), Some(NotFound::Nowhere { .. })) => None,
        Err(error) => return Err(error),
    };
    Yardstick::of(loaded.as_ref(), args.checks.checks.as_deref())
}

/// The folder whose `.rigcheck` keeps the runs, for every command alike: beside the spec, which is named (by an option or by
/// RIGCHECK_SPEC) or found by walking up; only where there is none, here.
#[allow(clippy::disallowed_methods, reason = "the nearest spec is looked for from the working directory on")]
fn home(spec: Option<&Path>) -> anyhow::Result<PathBuf> {
    let set = || environment("RIGCHECK_SPEC").filter(|path| !path.is_empty()).map(PathBuf::from);
    let named = spec.map(Path::to_owned).or_else(set);
    let spec = match named {
        Some(path) => path,
        None => match spec::discover::find(&std::env::current_dir()?) {
            Err(NotFound::Nowhere { .. }) => return Ok(".".into()),
            found => found?,
        },
    };
    Ok(folder_of(&spec).to_owned())
}

/// The runs of this project.
fn shelf(spec: Option<&Path>) -> anyhow::Result<Shelf> {
    Ok(Shelf::of(&home(spec)?))
}

/// Where runs of a spec are kept: beside it.
fn folder_of(spec: &Path) -> &Path {
    spec.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
