//! `--against RUN`: the recorded run that a report is compared with.

use super::{args::OutputArgs, judged};
use crate::{
    model::rig::Rig,
    report::{Comparison, Report},
    store::{Shelf, id_of},
};
use anyhow::{Context, bail};
use std::path::Path;

/// An earlier run.
pub struct Against {
    then: Report,
    rig: Rig,
    gates: bool,
    doubt: Option<String>,
}

/// Asks of a run that is named, if one is, whether it is of this rig at this target.
pub fn same_rig(against: &mut Option<Against>, rig: &Rig) -> anyhow::Result<()> {
    against.as_mut().map_or(Ok(()), |against| against.of_rig(rig, Some(rig.target_url())))
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
        let (recorded, doubt) = judged::open(&path).with_context(|| format!("--against {run}"))?;
        if let Some(doubt) = doubt {
            eprintln!("note: --against {run}: {doubt}");
        }
        let against = Against { then: Report::of(&recorded.events), rig: recorded.profile.rig, gates: args.fail_on_new, doubt: None };
        if args.fail_on_new {
            against.tells_what_was().with_context(|| format!("--fail-on-new --against {run}"))?;
        }
        Ok(Some(against))
    }
    /// Against a run that saw little, little is new: that is no gate.
    fn tells_what_was(&self) -> anyhow::Result<()> {
        let id = &self.then.header.run;
        if self.then.interrupted {
            bail!("run {id} was interrupted: name a run that came to its end");
        }
        if !self.then.outcomes().any(|o| o.status.value().is_some()) {
            bail!("run {id} could not judge anything: name a run that did");
        }
        Ok(())
    }
    /// Asks whether both runs are of one rig; `at` is where its target is, unless that is another place each time. What is new
    /// since a run of another rig must not decide how a command ends.
    pub fn of_rig(&mut self, rig: &Rig, at: Option<&str>) -> anyhow::Result<()> {
        let (id, then) = (&self.then.header.run, &self.rig);
        let elsewhere = at.filter(|at| *at != then.target_url());
        let differs = match elsewhere {
            _ if then.name != rig.name => format!("run {id} is of rig `{}`, and this one of `{}`", then.name, rig.name),
            Some(at) => format!("run {id} had the target {}, and this one {at}", then.target_url()),
            None => return Ok(()),
        };
        if self.gates {
            bail!("--fail-on-new: {differs}: name a run of this rig, or leave --fail-on-new out to compare the two");
        }
        // Another name is told with every comparison.
        self.doubt = (then.name == rig.name).then_some(differs);
        Ok(())
    }
    /// Puts the comparison into the report.
    pub fn put_into(&self, report: &mut Report) {
        let mut comparison = Comparison::of(report, &self.then);
        comparison.doubts.extend(self.doubt.clone());
        if self.gates {
            comparison.gate(report, &self.then);
        }
        report.against = Some(comparison);
    }
}
