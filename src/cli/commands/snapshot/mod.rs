//! `rigcheck snapshot`: what an environment is made of, written down, shown, and laid beside another.

pub mod capture;
mod diff;
mod show;

pub use diff::FORMATS;

use std::process::ExitCode;

/// `rigcheck snapshot`.
#[derive(Debug, clap::Args)]
pub struct Snapshot {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What to do with snapshots.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// Write down the configuration of this machine and of what the spec names on it; changes nothing
    Capture(capture::Capture),
    /// List the facts of a snapshot, of a baseline, or of a document
    Show(show::Show),
    /// Lay two environments beside one another, differences first
    Diff(diff::Diff),
}

pub async fn run(args: &Snapshot, color: bool) -> anyhow::Result<ExitCode> {
    match &args.what {
        What::Capture(capture) => capture::run(capture).await,
        What::Show(show) => show::run(show),
        What::Diff(diff) => diff::run(diff, color),
    }
}
