//! How a command ends.

use crate::{
    model::{outcome::Status, waiver::WaiverState},
    report::{Kind, Report, nagios, probe::State},
    scoring::Verdict,
    spec::diagnostics::Problems,
};
use clap::ValueEnum;
use std::process::ExitCode;

const NOT_READY: u8 = 1;
const USAGE: u8 = 2;
const INDETERMINATE: u8 = 3;
const NOTHING_SELECTED: u8 = 4;
const BUG: u8 = 70;
/// Ended by Ctrl-C or SIGTERM, as shells say it.
pub const INTERRUPTED: u8 = 130;
/// What monitoring plugins end with when they could not do their work.
const PLUGIN_UNKNOWN: u8 = 3;

/// From what on a run ends with other than 0; each level includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum FailOn {
    /// Nothing: only report.
    Never,
    /// NOT READY (1).
    NotReady,
    /// INDETERMINATE (3), or nothing selected (4).
    #[default]
    Indeterminate,
    /// READY WITH WAIVERS, and any waiver that was needed or has run out (1).
    Waived,
    /// Any WARN (1).
    Warn,
}

/// What decides how a finished run ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ending {
    /// From what on.
    pub fail_on: FailOn,
    /// Of what is new since the run that it was compared with, instead of the verdict.
    pub only_new: bool,
    /// As a monitoring plugin.
    pub plugin: bool,
}

/// The code of a finished run. A proven blocker outranks whatever could not be told.
pub fn of(report: &Report, ending: Ending) -> ExitCode {
    code(report, ending).into()
}

fn code(report: &Report, ending: Ending) -> u8 {
    if ending.plugin {
        return nagios::code(report);
    }
    if report.interrupted {
        return INTERRUPTED;
    }
    let (level, nothing) = (ending.fail_on, report.assessment.rules_in_scope == 0);
    match ending.only_new {
        // Nothing judged is no proof that nothing is new.
        true if nothing && level >= FailOn::Indeterminate => NOTHING_SELECTED,
        true => new(report, level),
        false => match report.assessment.verdict {
            Verdict::NotReady if level >= FailOn::NotReady => NOT_READY,
            Verdict::Indeterminate if level >= FailOn::Indeterminate && nothing => NOTHING_SELECTED,
            Verdict::Indeterminate if level >= FailOn::Indeterminate => INDETERMINATE,
            _ if level >= FailOn::Waived && leans_on_waivers(report) => NOT_READY,
            _ if level >= FailOn::Warn && report.count(Status::Warn) > 0 => NOT_READY,
            _ => 0,
        },
    }
}

fn new(report: &Report, level: FailOn) -> u8 {
    let any = |kind| report.against.as_ref().is_some_and(|c| c.any_new(&[kind]));
    match level {
        FailOn::Never => 0,
        level if any(Kind::Failure) || level >= FailOn::Waived && any(Kind::Waived) || level >= FailOn::Warn && any(Kind::Warning) => NOT_READY,
        level if level >= FailOn::Indeterminate && any(Kind::Unknown) => INDETERMINATE,
        _ => 0,
    }
}

/// Is there a failure that a waiver covers, or did cover, or a waiver whose end is near or past?
fn leans_on_waivers(report: &Report) -> bool {
    let now = report.as_of.unwrap_or(report.header.started);
    let used = |state| matches!(state, WaiverState::Holds | WaiverState::Lapsed | WaiverState::Outgrown);
    report.outcomes().any(|o| o.waiver.is_some_and(|(_, state)| used(state)))
        || report.header.waivers.iter().any(|w| w.expired(now) || w.lapses_soon(now))
}

/// The code of a probe: a mapping that is proven wrong outranks what could not be told.
pub fn probed(state: State) -> ExitCode {
    match state {
        State::Right => ExitCode::SUCCESS,
        State::Doubtful => INDETERMINATE.into(),
        State::Wrong => NOT_READY.into(),
    }
}

/// The user ended it.
pub fn interrupted() -> ExitCode {
    INTERRUPTED.into()
}

/// A spec by which an audit would not begin is an error of the spec.
pub fn usage_if(refused: bool) -> ExitCode {
    if refused { USAGE.into() } else { ExitCode::SUCCESS }
}

/// Asking for help is no failure.
pub fn usage(wrong: bool, plugin: bool) -> ExitCode {
    match (wrong, plugin) {
        (false, _) => ExitCode::SUCCESS,
        (true, false) => USAGE.into(),
        (true, true) => unknown("the arguments are wrong, see standard error"),
    }
}

/// A command that could not do its work: the user's input or surroundings (2), or our own fault (70). A monitoring plugin
/// says so on its one line, too.
pub fn failed(error: &anyhow::Error, plugin: bool) -> ExitCode {
    let bug = error.downcast_ref::<Bug>().is_some();
    let told = if let Some(problems) = error.downcast_ref::<Problems>() {
        eprintln!("{problems}");
        "the spec has problems, see standard error".to_owned()
    } else {
        eprintln!("error: {error:#}");
        format!("{error:#}")
    };
    match (plugin, bug) {
        (true, _) => unknown(&told),
        (false, true) => BUG.into(),
        (false, false) => USAGE.into(),
    }
}

/// Nobody is left to be told if this cannot be written either.
fn unknown(why: &str) -> ExitCode {
    let _ = super::outputs::print(&nagios::failed(why));
    PLUGIN_UNKNOWN.into()
}

/// Our own fault.
#[derive(Debug, thiserror::Error)]
#[error("this is a bug of rigcheck, please report it: {0}")]
pub struct Bug(pub String);
