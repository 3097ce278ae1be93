//! `--against RUN`: the recorded run that a report is compared with.

use super::args::OutputArgs;
use crate::{
    report::{Comparison, Report},
    store::{self, Shelf, id_of},
};
use anyhow::{Context, bail};
use std::path::Path;

/// An earlier run.
pub struct Against {
    then: Report,
    gates: bool,
}

impl Against {
    /// Opens the run that the arguments name, before a long run and not after it. `None` where they name none. A run as it
    /// was judged then (`itself`) has nothing new since itself, whatever it found: that is no comparison.
    pub fn open(args: &OutputArgs, shelf: &Shelf, itself: Option<&Path>) -> anyhow::Result<Option<Against>> {
        let Some(run) = &args.against else { return Ok(None) };
        let path = shelf.find(run).with_context(|| format!("--against {run}"))?;
        if itself.is_some_and(|itself| id_of(itself) == id_of(&path)) {
            bail!("--against {run} is this very run: name an earlier one");
        }
        let recorded = store::open(&path).with_context(|| format!("--against {run}"))?;
        Ok(Some(Against { then: Report::of(&recorded.events), gates: args.fail_on_new }))
    }
    /// Puts the comparison into the report.
    pub fn put_into(&self, report: &mut Report) {
        let mut comparison = Comparison::of(report, &self.then);
        comparison.gates = self.gates;
        report.against = Some(comparison);
    }
}
