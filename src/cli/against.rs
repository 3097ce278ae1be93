//! `--against RUN`: the recorded run that a report is compared with.

use super::{args::OutputArgs, judged};
use crate::{
    report::{Comparison, Report},
    store::Shelf,
};
use anyhow::Context;

/// An earlier run.
pub struct Against {
    then: Report,
    gates: bool,
}

impl Against {
    /// Opens the run that the arguments name, before a long run and not after it. `None` where they name none.
    pub fn open(args: &OutputArgs, shelf: &Shelf) -> anyhow::Result<Option<Against>> {
        let Some(run) = &args.against else { return Ok(None) };
        let found = shelf.find(run).map_err(anyhow::Error::from).and_then(|path| judged::open(&path));
        let (recorded, doubt) = found.with_context(|| format!("--against {run}"))?;
        if let Some(doubt) = doubt {
            eprintln!("note: --against {run}: {doubt}");
        }
        Ok(Some(Against { then: Report::of(&recorded.events), gates: args.fail_on_new }))
    }
    /// Puts the comparison into the report.
    pub fn put_into(&self, report: &mut Report) {
        let mut comparison = Comparison::of(report, &self.then);
        comparison.gates = self.gates;
        report.against = Some(comparison);
    }
}
