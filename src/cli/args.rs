//! Arguments as written: the commands, and what several of them take. What one command takes stands with it.

use super::{
    commands::{
        audit::Audit, baseline::Baseline, burn::BurnArgs, demo::Demo, drift::Drift, explain::Explain, generate::Generate, init::Init, mock::Mock,
        network::Network, noise::Noise, plan::Plan, replay::Replay, report::Report, runs::Runs, snapshot::Snapshot, trace::Trace, upgrade::Upgrade,
        validate::Validate, waive::Waive,
    },
    exit::{Ending, FailOn},
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
    #[arg(long, global = true, display_order = 900, value_enum, default_value_t = Color::Auto, env = "RIGCHECK_COLOR", hide_env_values = true)]
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

impl Command {
    /// Does a monitoring system read standard output?
    pub fn plugin(&self) -> bool {
        match self {
            Command::Demo(demo) => demo.out.plugin(),
            Command::Audit(audit) => audit.out.plugin(),
            Command::Replay(replay) => replay.out.plugin(),
            Command::Report(report) => report.out.plugin(),
            Command::Noise(noise) => noise.out.plugin(),
            _ => false,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Audit the embedded reference rig: see a real audit in little more than a minute
    Demo(Demo),
    /// Look at what there is and write a commented rigcheck.yaml; sends nothing that costs
    Init(Init),
    /// Audit the rig that rigcheck.yaml describes
    Audit(Audit),
    /// Show what an audit would do, with time, requests and tokens; with --probe, send one request and show where it appeared
    Plan(Plan),
    /// Check rigcheck.yaml and say what is in scope
    Validate(Validate),
    /// List the cases and rules of this release
    List(ChecksArgs),
    /// Explain a case or a rule: why, how, limits and their source, blind spots, remedy
    Explain(Explain),
    /// Judge a recorded run again, also under another spec
    Replay(Replay),
    /// Render the report of a recorded run as it was judged then
    Report(Report),
    /// Show what a newer edition of the checks would change, on a recorded run
    Upgrade(Upgrade),
    /// Show one trace as a waterfall: its stages, its gaps, and what held the request up
    Trace(Trace),
    /// List, show, export, import and remove recorded runs
    Runs(Runs),
    /// Accept a failure of a recorded run for a time: writes a waiver into the spec
    Waive(Waive),
    /// Write down what an environment is made of, show it, and lay two of them beside one another
    Snapshot(Snapshot),
    /// Accept an environment, so that others are compared with it
    Baseline(Baseline),
    /// Say what differs now from an accepted environment
    Drift(Drift),
    /// Watch this machine while nothing is asked of the rig: how idle it is, and whose the time is
    Noise(Noise),
    /// Measure the way to providers' endpoints, write it down, and lay two records beside one another
    Network(Network),
    /// Serve an OpenAI-compatible endpoint with exact delays and an emission log of its own
    Mock(Mock),
    /// Load this machine, or a container on it, by a known amount of CPU, memory or network, and tell what was really used
    Burn(BurnArgs),
    /// Write what editors, shells and manuals need: schema, completions, man pages
    Generate(Generate),
}

/// Where the checks come from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ChecksArgs {
    /// Folder of case files to use instead of the embedded ones
    #[arg(long, value_name = "DIR", env = "RIGCHECK_CHECKS", hide_env_values = true)]
    pub checks: Option<PathBuf>,
}

/// Which spec.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SpecArgs {
    /// The spec; without it, rigcheck.yaml here or above, up to the repository's root
    #[arg(long, short, value_name = "FILE", env = "RIGCHECK_SPEC", hide_env_values = true)]
    pub spec: Option<PathBuf>,
    /// Another value for one key of the spec, as YAML; `null` removes it; repeatable. Write secrets as '${env:X}'
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Where the checks come from.
    #[command(flatten)]
    pub checks: ChecksArgs,
}

/// What to write, and how a run ends.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OutputArgs {
    /// Report as FORMAT or FORMAT:PATH; repeatable, one without a path goes to standard output
    ///
    /// Formats: human, json, html, junit, sarif, markdown, openmetrics, nagios. With nagios on standard output the command
    /// ends as monitoring plugins do: 0 ready, 1 ready with waivers (WARNING), 2 not ready (CRITICAL), 3 could not tell, or
    /// could not run (UNKNOWN).
    #[arg(long, short, value_name = "FORMAT[:PATH]", env = "RIGCHECK_OUTPUT", hide_env_values = true)]
    pub output: Vec<Output>,
    /// List every rule, not only what needs attention
    #[arg(long, short)]
    pub verbose: bool,
    /// End with other than 0 from this on; each level includes those before it
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t)]
    pub fail_on: FailOn,
    /// The same as --fail-on never: end with 0 whatever the verdict (usage errors and bugs still do not)
    #[arg(long, conflicts_with = "fail_on")]
    pub exit_zero: bool,
    /// Say what is new and what is resolved since this run: its id, the start of its id, a path, or `latest`
    #[arg(long, value_name = "RUN")]
    pub against: Option<String>,
    /// End by what is new since that run instead of by the verdict: 1 for a new failure, 3 for what could not be told any more
    #[arg(long, requires = "against")]
    pub fail_on_new: bool,
}

impl OutputArgs {
    /// What decides how the run ends.
    pub fn ending(&self) -> Ending {
        let fail_on = if self.exit_zero { FailOn::Never } else { self.fail_on };
        Ending { fail_on, only_new: self.fail_on_new, plugin: self.plugin() }
    }
    /// Does a monitoring system read standard output?
    pub fn plugin(&self) -> bool {
        self.output.iter().any(Output::is_plugin)
    }
}

/// Was `--output nagios` meant, where the arguments could not be read?
pub fn plugin_meant() -> bool {
    std::env::args().any(|word| ["nagios", "-onagios", "-o=nagios", "--output=nagios"].contains(&word.as_str()))
}

/// A spec is named by an option: who writes it without one is told so.
pub fn with_tip(mut error: clap::Error) -> clap::Error {
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) if error.kind() == ErrorKind::UnknownArgument => argument.clone(),
        _ => return error,
    };
    let takes_spec = std::env::args()
        .any(|word| ["audit", "drift", "network", "noise", "plan", "validate", "replay", "trace", "upgrade", "waive"].contains(&word.as_str()));
    if takes_spec && [".yaml", ".yml"].iter().any(|end| argument.ends_with(end)) && !argument.starts_with('-') {
        let tip = format!("name the spec by `--spec {argument}`");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}
