//! From events to a report.

use super::{Comparison, phrases};
use crate::{
    model::{
        act::{Act, Destination},
        event::{Answered, CaseJudged, Event, Header, OwnCost, Sent, Stamped, Step},
        evidence::Gap,
        key::Key,
        outcome::{Outcome, Status},
        units::{Ms, Wall},
    },
    scoring::{self, Assessment, Verdict},
};

/// A run as people read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How it is described.
    pub header: Header,
    /// Score, coverage and verdict.
    pub assessment: Assessment,
    /// The cases with their outcomes.
    pub cases: Vec<CaseJudged>,
    /// What was done, in order.
    pub steps: Vec<StepDone>,
    /// What was asked, in order of the answers.
    pub answers: Vec<Answered>,
    /// Which of them (as indices) were begun before the step in which they came: they watched the load from before to after it.
    pub watched: Vec<usize>,
    /// What the acts sent.
    pub sent: Vec<Sent>,
    /// What the auditor itself used.
    pub own: OwnCost,
    /// The one "now" of the run; `None` where gathering did not end.
    pub as_of: Option<Wall>,
    /// Was it interrupted?
    pub interrupted: bool,
    /// Sentences that the user should know.
    pub notices: Vec<String>,
    /// How it compares with an earlier run, where one was named.
    pub against: Option<Comparison>,
}

/// A step that was done or begun.
#[derive(Clone, Debug, PartialEq)]
pub struct StepDone {
    /// As planned.
    pub step: Step,
    /// When it began, since the start of the run.
    pub begun: Ms,
    /// How long it took; `None` if it did not end.
    pub took: Option<Ms>,
    /// What it brought.
    pub says: String,
    /// Did all of it work?
    pub ok: bool,
}

/// Questions without a whole answer, grouped by cause.
#[derive(Clone, Debug, PartialEq)]
pub struct GapGroup {
    /// The cause.
    pub gap: Gap,
    /// What was asked.
    pub keys: Vec<Key>,
}

impl Report {
    /// Folds the events of a run, whole or cut short.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Stamped>) -> Report {
        let mut fold = Report {
            header: Header::default(),
            assessment: scoring::assess(&[], &crate::model::event::Gate::default()),
            cases: vec![],
            steps: vec![],
            answers: vec![],
            watched: vec![],
            sent: vec![],
            own: OwnCost::default(),
            as_of: None,
            interrupted: false,
            notices: vec![],
            against: None,
        };
        let mut planned: Vec<Step> = vec![];
        let mut ended = false;
        for stamped in events {
            match &stamped.event {
                Event::Began(header) => fold.header = header.clone(),
                Event::Planned { steps } => planned.clone_from(steps),
                Event::StepBegan { step } => {
                    if let Some(step) = planned.get(*step) {
                        fold.steps.push(StepDone { step: step.clone(), begun: stamped.after, took: None, says: String::new(), ok: false });
                    }
                }
                Event::StepMoved { .. } => {}
                Event::Answered(answered) => {
                    let begun = stamped.after.0 - answered.took.0;
                    if let [.., load, step] = fold.steps.as_slice()
                        && load.step.requests > 0
                        && begun < step.begun.0
                    {
                        fold.watched.push(fold.answers.len());
                    }
                    fold.answers.push(answered.clone());
                }
                Event::StepEnded { took, says, ok, .. } => {
                    if let Some(last) = fold.steps.last_mut() {
                        (last.took, last.says, last.ok) = (Some(*took), says.clone(), *ok);
                    }
                }
                Event::Sent(sent) => fold.sent.push(sent.clone()),
                Event::Notice { text } => fold.notices.push(text.clone()),
                Event::Gathered { as_of, own, interrupted } => (fold.as_of, fold.own, fold.interrupted) = (Some(*as_of), *own, *interrupted),
                Event::Judged(judged) => fold.cases.push((**judged).clone()),
                Event::Ended => ended = true,
            }
        }
        fold.interrupted |= !ended;
        fold.assessment = scoring::assess(&fold.cases, &fold.header.gate);
        if fold.interrupted {
            fold.cap();
        }
        fold.qualify();
        fold.blame();
        if !ended {
            fold.leave_open();
        }
        fold
    }

    /// What was not asked any more may have failed: an interrupted run is at best indeterminate, and so is whatever would better
    /// it. What it proved stands.
    fn cap(&mut self) {
        let a = &mut self.assessment;
        if a.verdict.good() {
            (a.verdict, a.because) = (Verdict::Indeterminate, "the run was interrupted before everything was asked".into());
        }
        for flip in &mut a.flips {
            flip.verdict = if flip.verdict.good() { Verdict::Indeterminate } else { flip.verdict };
        }
        let verdict = a.verdict;
        a.flips.retain(|f| f.verdict != verdict);
        a.leans_on.retain(|f| f.verdict == Verdict::NotReady);
        a.to_ready = None;
        a.without_waivers = a.without_waivers.filter(|bare| *bare == Verdict::NotReady && verdict != Verdict::NotReady);
    }

    /// A good verdict that rests on less than the edition asks for, or than the spec in the repository says, says so with its
    /// reason.
    fn qualify(&mut self) {
        if !self.assessment.verdict.good() {
            return;
        }
        let a = &mut self.assessment;
        a.because = std::iter::once(a.because.clone()).chain(phrases::under(&self.header)).collect::<Vec<_>>().join("; ");
        if let Some(but) = phrases::but(&self.header) {
            a.because = format!("{}; but {but}", a.because);
        }
    }

    /// Where nobody was there to take the load, that comes before all that could not be told for it.
    fn blame(&mut self) {
        let to_target = |a: &&Answered| a.key.query.performs().is_some_and(|act| matches!(act, Act::Load(load) if load.to == Destination::Target));
        let unreached = self.answers.iter().filter(to_target).find_map(|a| a.gap.as_ref().filter(|g| matches!(g, Gap::Unreachable(_))));
        if let Some(gap) = unreached.filter(|_| self.assessment.verdict == Verdict::Indeterminate) {
            let why = gap.detail().split("; ").next().unwrap_or_default();
            self.assessment.because = format!("the target could not be reached ({why}); {}", self.assessment.because);
        }
    }

    /// A run that was killed may have been about to judge more: what it judged bounds nothing but a failing blocker.
    fn leave_open(&mut self) {
        let blocked = self.outcomes().any(|o| o.blocker && o.status == Status::Fail && !o.waived());
        let a = &mut self.assessment;
        (a.score, a.coverage, a.without_waivers) = (scoring::UNKNOWN, 0.0, None);
        (a.flips, a.flips_are_all, a.to_ready, a.threats, a.leans_on) = (vec![], true, None, vec![], vec![]);
        if !blocked {
            a.verdict = Verdict::Indeterminate;
            a.because = "the run was cut short before everything was judged".into();
        }
    }

    /// All outcomes, in report order.
    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.cases.iter().flat_map(|c| &c.outcomes)
    }

    /// How many outcomes that carry a score have a status.
    pub fn count(&self, status: Status) -> usize {
        self.cases.iter().flat_map(CaseJudged::scored).filter(|o| o.status == status).count()
    }

    /// Questions without a whole answer, by cause, in the order in which they came.
    pub fn gaps(&self) -> Vec<GapGroup> {
        let mut groups: Vec<GapGroup> = vec![];
        for (gap, key) in self.answers.iter().filter_map(|a| Some((a.gap.as_ref()?, &a.key))) {
            match groups.iter_mut().find(|g| g.gap == *gap) {
                Some(group) => group.keys.push(key.clone()),
                None => groups.push(GapGroup { gap: gap.clone(), keys: vec![key.clone()] }),
            }
        }
        groups
    }

    /// Waivers that no failure needed, as indices into the header's list.
    pub fn unused_waivers(&self) -> Vec<usize> {
        let used: Vec<_> = self.outcomes().filter_map(|o| o.waiver).map(|w| w.0).collect();
        (0..self.header.waivers.len()).filter(|i| !used.contains(i)).collect()
    }

    /// Rules that are out of scope.
    pub fn rules_out_of_scope(&self) -> usize {
        self.cases.iter().map(|c| c.out_of_scope.len()).sum()
    }
}
