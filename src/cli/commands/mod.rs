//! One file per command.

pub mod audit;
pub mod demo;
pub mod explain;
pub mod init;
mod list;
pub mod mock;
mod outlook;
mod plan;
pub mod replay;
pub mod report;
mod validate;

use super::args::{Args, Color, Command, SpecArgs};
use crate::{
    engine,
    spec::{self, Loaded},
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
        Command::Plan(spec) => plan::run(&spec),
        Command::Validate(spec) => validate::run(&spec),
        Command::List(checks) => list::run(&checks),
        Command::Explain(explain) => explain::run(&explain),
        Command::Replay(replay) => replay::run(&replay, color),
        Command::Report(report) => report::run(&report, color),
        Command::Mock(mock) => mock::run(mock).await,
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
fn load(args: &SpecArgs) -> anyhow::Result<(PathBuf, Loaded)> {
    let path = match &args.spec {
        Some(path) => path.clone(),
        None => spec::discover::find(&std::env::current_dir()?)?,
    };
    let loaded = load_at(&path, args.checks.checks.as_deref())?;
    Ok((path, loaded))
}

fn load_at(path: &Path, checks: Option<&Path>) -> anyhow::Result<Loaded> {
    let options = spec::Options { checks_dir: checks.map(Path::to_owned), env: &environment };
    Ok(spec::load(path, &options)?.as_of(engine::wall_now()))
}

/// Where runs of a spec are kept: beside it.
fn folder_of(spec: &Path) -> &Path {
    spec.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
