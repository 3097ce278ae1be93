//! Arguments as written.

use super::outputs::Output;
use crate::model::units::{BadUnit, Ms, Share};
use clap::{
    Args as Group, Parser, Subcommand, ValueEnum,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::{net::SocketAddr, path::PathBuf};

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
#[derive(Clone, Debug, Default, Group)]
pub struct ChecksArgs {
    /// Folder of case files to use instead of the embedded ones
    #[arg(long, value_name = "DIR")]
    pub checks: Option<PathBuf>,
}

/// Which spec.
#[derive(Clone, Debug, Default, Group)]
pub struct SpecArgs {
    /// The spec; without it, rigcheck.yaml here or above, up to the repository's root
    #[arg(long, short, value_name = "FILE", env = "RIGCHECK_SPEC")]
    pub spec: Option<PathBuf>,
    /// Where the checks come from.
    #[command(flatten)]
    pub checks: ChecksArgs,
}

/// What to write, and how a run ends.
#[derive(Clone, Debug, Default, Group)]
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

/// `rigcheck demo`.
#[derive(Debug, Group)]
pub struct Demo {
    /// Seed this fault into the rig and see it caught
    #[arg(long, value_name = "NAME")]
    pub fault: Option<String>,
    /// List the faults that can be seeded
    #[arg(long)]
    pub list_faults: bool,
    /// What to write.
    #[command(flatten)]
    pub out: OutputArgs,
}

/// `rigcheck audit`.
#[derive(Debug, Group)]
pub struct Audit {
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// What to write.
    #[command(flatten)]
    pub out: OutputArgs,
}

/// `rigcheck explain`.
#[derive(Debug, Group)]
pub struct Explain {
    /// Id of a case or a rule
    pub id: String,
    /// Where the checks come from.
    #[command(flatten)]
    pub checks: ChecksArgs,
}

/// `rigcheck replay`.
#[derive(Debug, Group)]
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

/// `rigcheck report`.
#[derive(Debug, Group)]
pub struct Report {
    /// The run: its id, the start of its id, a path, or `latest`
    pub run: String,
    /// What to write.
    #[command(flatten)]
    pub out: OutputArgs,
}

/// `rigcheck mock`.
#[derive(Debug, Group)]
pub struct Mock {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:9100", value_name = "IP:PORT", value_parser = address)]
    pub listen: SocketAddr,
    /// Time to first token, unless the prompt asks for another
    #[arg(long, default_value = "120ms")]
    pub ttft: Ms,
    /// Gap between chunks
    #[arg(long, default_value = "20ms")]
    pub gap: Ms,
    /// Content chunks of an answer
    #[arg(long, default_value_t = 16)]
    pub chunks: u32,
    /// Tokens in each chunk
    #[arg(long, default_value_t = 1)]
    pub tokens_per_chunk: u32,
    /// Leave out the first chunk that carries a role only
    #[arg(long)]
    pub no_role_chunk: bool,
    /// Send the headers of a stream with its first chunk, as servers do that do not flush them
    #[arg(long)]
    pub late_headers: bool,
    /// Share of requests answered with 500, such as 1%
    #[arg(long, default_value = "0%", value_name = "SHARE", value_parser = part)]
    pub error_rate: Share,
    /// Append one JSON line a request here
    #[arg(long, value_name = "FILE")]
    pub access_log: Option<PathBuf>,
    /// Send traces to this OTLP/HTTP endpoint, such as http://127.0.0.1:4318
    #[arg(long, value_name = "URL")]
    pub otlp: Option<String>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an IP address and a port, as in `127.0.0.1:9100`, or `0.0.0.0:9100` for all of this machine's addresses".into())
}

/// A share of something that cannot be more than all of it.
fn part(text: &str) -> Result<Share, String> {
    let share: Share = text.parse().map_err(|e: BadUnit| e.to_string())?;
    if share.0 <= 1.0 { Ok(share) } else { Err("more than all requests; write at most `100%`".into()) }
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
