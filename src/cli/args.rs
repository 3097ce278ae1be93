//! Arguments as written: the commands, and what several of them take. What one command takes stands with it.

use super::{
    commands::{audit::Audit, demo::Demo, explain::Explain, init::Init, mock::Mock, replay::Replay, report::Report},
    outputs::Output,
};
use clap::{
    Parser, Subcommand, ValueEnum,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::path::PathBuf;

/// Audits the rig of a performance test of an LLM API before anyone trusts its numbers.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 ready · 1 not ready · 2 usage or spec error · 3 could not tell · 4 nothing selected · 70 our bug · 130 interrupted"
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Colour: a glyph and a word always say the same.
    #[arg(long, global = true, display_order = 900, value_enum, default_value_t = Color::Auto, env = "RIGCHECK_COLOR")]
    pub color: Color,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Audit the embedded reference rig: see a real audit in under a minute
    Demo(Demo),
    /// Look at what there is and write a commented rigcheck.yaml; sends nothing that costs
    Init(Init),
    /// Audit the rig that rigcheck.yaml describes
    Audit(Audit),
    /// Show what an audit would do, with time, requests and tokens, and send nothing
    Plan(SpecArgs),
    /// Check rigcheck.yaml and say what is in scope
    Validate(SpecArgs),
    /// List the cases and rules of this release
    List(ChecksArgs),
    /// Explain a case or a rule: why, how, limits and their source, blind spots, remedy
    Explain(Explain),
    /// Judge a recorded run again, also under another spec
    Replay(Replay),
    /// Render the report of a recorded run as it was judged then
    Report(Report),
    /// Serve an OpenAI-compatible endpoint with exact delays and an emission log of its own
    Mock(Mock),
}

/// Where the checks come from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ChecksArgs {
    /// Folder of case files to use instead of the embedded ones
    #[arg(long, value_name = "DIR")]
    pub checks: Option<PathBuf>,
}

/// Which spec.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SpecArgs {
    /// The spec; without it, rigcheck.yaml here or above, up to the repository's root
    #[arg(long, short, value_name = "FILE", env = "RIGCHECK_SPEC")]
    pub spec: Option<PathBuf>,
    /// Where the checks come from.
    #[command(flatten)]
    pub checks: ChecksArgs,
}

/// What to write, and how a run ends.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OutputArgs {
    /// Report as FORMAT or FORMAT:PATH (human, json, html); repeatable, one without a path goes to standard output
    #[arg(long, short, value_name = "FORMAT[:PATH]")]
    pub output: Vec<Output>,
    /// List every rule, not only what needs attention
    #[arg(long, short)]
    pub verbose: bool,
    /// End with 0 whatever the verdict (usage errors and bugs still do not)
    #[arg(long)]
    pub exit_zero: bool,
}

/// A spec is named by an option: who writes it without one is told so.
pub fn with_tip(mut error: clap::Error) -> clap::Error {
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) if error.kind() == ErrorKind::UnknownArgument => argument.clone(),
        _ => return error,
    };
    let takes_spec = std::env::args().any(|word| ["audit", "plan", "validate", "replay"].contains(&word.as_str()));
    if takes_spec && [".yaml", ".yml"].iter().any(|end| argument.ends_with(end)) && !argument.starts_with('-') {
        let tip = format!("name the spec by `--spec {argument}`");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}
