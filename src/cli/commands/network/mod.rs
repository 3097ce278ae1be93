//! `rigcheck network`: the way to providers' endpoints, measured, written down, and laid beside another record.

mod compare;
mod endpoints;
mod record;

use std::process::ExitCode;

/// `rigcheck network`.
#[derive(Debug, clap::Args)]
pub struct Network {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What to do with ways.
#[derive(Debug, clap::Subcommand)]
pub enum What {
    /// Measure the way to each endpoint that the spec names, and write it down
    Record(record::Record),
    /// Lay two records beside one another, as the audit does; sends nothing
    Compare(compare::Compare),
    /// List the endpoints that are known by name
    Endpoints,
}

pub async fn run(args: Network, color: bool) -> anyhow::Result<ExitCode> {
    match args.what {
        What::Record(record) => record::run(record).await,
        What::Compare(compare) => compare::run(&compare, color),
        What::Endpoints => endpoints::run(),
    }
}
