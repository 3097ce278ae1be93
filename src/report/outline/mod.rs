//! The report in the order in which people read it: what is shown where, in words that the terminal and the browser share.
//! Formats lay it out; none of them decides anything.

mod against;
mod cases;
mod changed;
mod flips;
mod headline;
mod proven;
mod range;
mod scope;
mod unknowns;
mod unmeasured;
mod waivers;

pub use against::Against;
pub use cases::{Asked, CaseView, RuleView, SubjectView};
pub use changed::ChangedLine;
pub use headline::Headline;
pub use proven::words as proof;
pub use scope::NotTested;
pub use unknowns::Cause;
pub use unmeasured::Unmeasured;
pub use waivers::WaiverLine;

use super::Report;
use crate::model::{event::OutOfScope, outcome::Outcome};
use std::collections::BTreeSet;

/// A report, sorted for reading.
pub struct Outline<'r> {
    /// The first screen's few lines.
    pub headline: Headline,
    /// What is new since an earlier run, where one was named.
    pub against: Option<Against<'r>>,
    /// Every case with its rules and their subjects, in report order.
    pub cases: Vec<CaseView<'r>>,
    /// What could not be told, grouped by cause.
    pub causes: Vec<Cause<'r>>,
    /// Accepted failures, and waivers that do nothing.
    pub waivers: Vec<WaiverLine<'r>>,
    /// Did waivers change the verdict? `None` where there are none.
    pub waivers_matter: Option<String>,
    /// What is out of scope, grouped by what would bring it in.
    pub not_tested: Vec<NotTested<'r>>,
    /// Quantities that nothing at the server measures.
    pub unmeasured: Vec<Unmeasured>,
    /// What would better the verdict, one sentence.
    pub flips: Option<String>,
}

impl<'r> Outline<'r> {
    /// Sorts a report.
    pub fn of(report: &'r Report) -> Outline<'r> {
        let cases = cases::of(report);
        Outline {
            headline: headline::of(report),
            against: against::of(report),
            causes: unknowns::of(report, &cases),
            waivers: waivers::of(report, &cases),
            waivers_matter: waivers::matter(report),
            not_tested: scope::not_tested(report),
            unmeasured: unmeasured::of(report),
            flips: flips::of(report),
            cases,
        }
    }
    /// All rules, in report order.
    pub fn rules(&self) -> impl Iterator<Item = &RuleView<'r>> {
        self.cases.iter().flat_map(|c| &c.rules)
    }
    /// Blockers that fail and that no waiver covers.
    pub fn blockers(&self) -> impl Iterator<Item = &RuleView<'r>> {
        self.rules().filter(|r| r.blocks())
    }
    /// What the waiver did that was looked at for an outcome.
    pub fn waiver_of(&self, outcome: &Outcome) -> Option<&WaiverLine<'r>> {
        let of = |line: &&WaiverLine<'r>| line.waiver.rule == outcome.rule && line.subject == outcome.subject.as_str();
        outcome.waiver.and_then(|_| self.waivers.iter().find(of))
    }
    /// How many waivers are in each state, of all states.
    pub fn waivers_by_state(&self) -> [(&'static str, usize); 5] {
        let of = |key| self.waivers.iter().filter(|w| w.key() == key).map(|w| w.at).collect::<BTreeSet<_>>().len();
        WaiverLine::KEYS.map(|key| (key, of(key)))
    }
    /// What would bring a rule in that is out of scope.
    pub fn bring_in(&self, out: &OutOfScope) -> Option<&str> {
        let group = self.not_tested.iter().find(|group| group.rules.iter().any(|rule| std::ptr::eq(*rule, out)));
        group.map(|group| group.bring_in.as_str())
    }
}
