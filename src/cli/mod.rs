//! Level 9: the command line. Arguments as written, one file per command, exit codes; the only place that prints.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the command line talks to people")]

mod against;
mod amounts;
mod args;
mod asking;
mod commands;
mod earlier;
mod environments;
mod exit;
mod hold;
mod judged;
mod live;
mod outputs;
mod progress;
mod recordings;
mod run;

use crate::model::panics;
use clap::Parser;
use std::process::ExitCode;

/// Reads the arguments, does what they say, and says how it ended.
pub fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let error = args::with_tip(error);
            return match outputs::read_or_left(error.print()) {
                Err(lost) if !error.use_stderr() => exit::failed(&lost, false),
                _ => exit::usage(error.use_stderr(), args::plugin_meant()),
            };
        }
    };
    let plugin = args.command.plugin();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::failed(&anyhow::anyhow!("cannot start: {error}"), plugin),
    };
    let ended = panics::caught(|| runtime.block_on(commands::dispatch(args))).unwrap_or_else(|text| Err(exit::Bug(text).into()));
    // A source that ignores its cancellation must not keep the process alive.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match ended {
        Ok(code) => code,
        Err(error) => exit::failed(&error, plugin),
    }
}
