//! How a command ends.

use crate::{
    report::{Report, probe::State},
    scoring::Verdict,
    spec::diagnostics::Problems,
};
use std::process::ExitCode;

const NOT_READY: u8 = 1;
const USAGE: u8 = 2;
const INDETERMINATE: u8 = 3;
const NOTHING_SELECTED: u8 = 4;
const BUG: u8 = 70;
const INTERRUPTED: u8 = 130;

/// The code of a finished run. A proven blocker outranks whatever could not be told.
pub fn of(report: &Report, exit_zero: bool) -> ExitCode {
    if report.interrupted {
        return INTERRUPTED.into();
    }
    if exit_zero {
        return ExitCode::SUCCESS;
    }
    match report.assessment.verdict {
        Verdict::NotReady => NOT_READY.into(),
        _ if report.assessment.rules_in_scope == 0 => NOTHING_SELECTED.into(),
        Verdict::Indeterminate => INDETERMINATE.into(),
        Verdict::Ready | Verdict::ReadyWithWaivers => ExitCode::SUCCESS,
    }
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

/// Asking for help is no failure.
pub fn usage(wrong: bool) -> ExitCode {
    if wrong { USAGE.into() } else { ExitCode::SUCCESS }
}

/// A command that could not do its work: the user's input or surroundings (2), or our own fault (70).
pub fn failed(error: &anyhow::Error) -> ExitCode {
    if let Some(problems) = error.downcast_ref::<Problems>() {
        eprintln!("{problems}");
        return USAGE.into();
    }
    eprintln!("error: {error:#}");
    if error.downcast_ref::<Bug>().is_some() { BUG.into() } else { USAGE.into() }
}

/// Our own fault.
#[derive(Debug, thiserror::Error)]
#[error("this is a bug of rigcheck, please report it: {0}")]
pub struct Bug(pub String);
