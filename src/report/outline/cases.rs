//! Cases, their rules, and what was found about each subject.

use super::unknowns;
use crate::{
    model::{
        case::{Case, RuleSpec},
        event::{Answered, CaseJudged},
        key::Key,
        outcome::{Outcome, Status},
    },
    report::{Report, phrases},
    scoring::CaseScore,
};

/// One case.
pub struct CaseView<'r> {
    /// The case as resolved.
    pub case: &'r Case,
    /// How it was judged.
    pub judged: &'r CaseJudged,
    /// Its share of the score.
    pub score: Option<&'r CaseScore>,
    /// `0.81`, `0.62 … 0.94`, or why there is none.
    pub score_text: String,
    /// `13 pass`, `1 warn`, `1 fail`: rules by their worst subject.
    pub counts: Vec<String>,
    /// Rules in scope, in order of the case.
    pub rules: Vec<RuleView<'r>>,
}

/// One rule with its subjects.
pub struct RuleView<'r> {
    /// The rule.
    pub spec: &'r RuleSpec,
    /// Why it carries no score, where that is so.
    pub unscored: Option<String>,
    /// Its worst subject's status.
    pub status: Status,
    /// In order of the rig. Empty where no outcome was recorded.
    pub subjects: Vec<SubjectView<'r>>,
}

/// What was found about one subject.
pub struct SubjectView<'r> {
    /// The outcome.
    pub outcome: &'r Outcome,
    /// What was asked for it, with the exact requests.
    pub from: Vec<Asked<'r>>,
    /// What to do about it; empty where there is nothing to do.
    pub action: String,
}

/// A question behind an outcome.
pub struct Asked<'r> {
    /// The question.
    pub key: &'r Key,
    /// How it was answered, and where in the list of answers that stands; `None` if it was never asked.
    pub answered: Option<(usize, &'r Answered)>,
}

impl RuleView<'_> {
    /// Does it alone make the rig not ready?
    pub fn blocks(&self) -> bool {
        self.spec.blocks() && self.subjects.iter().any(SubjectView::fails)
    }
    /// Its subjects, worst first, without those that are simply fine; and those.
    pub fn worst_first(&self) -> (Vec<&SubjectView<'_>>, Vec<&SubjectView<'_>>) {
        let (fine, mut bad): (Vec<_>, Vec<_>) = self.subjects.iter().partition(|s| s.outcome.status.fine());
        bad.sort_by_key(|s| std::cmp::Reverse(s.outcome.status.badness()));
        (bad, fine)
    }
    /// What to do about its failures, each thing once.
    pub fn actions(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.subjects.iter().filter(|s| s.fails()).map(|s| s.action.as_str()).filter(|a| !a.is_empty()).collect();
        all.dedup();
        all
    }
}

impl SubjectView<'_> {
    /// Does it fail, and does no waiver cover that?
    pub fn fails(&self) -> bool {
        self.outcome.status == Status::Fail && !self.outcome.waived()
    }
    /// The subject's name; the whole rig where the rule has one for all of it.
    pub fn name(&self) -> &str {
        if self.outcome.subject.as_str().is_empty() { "the rig" } else { self.outcome.subject.as_str() }
    }
    /// What was observed, or why nothing was.
    pub fn observed(&self) -> String {
        let o = self.outcome;
        match (&o.finding, &o.unknown, &o.error) {
            (Some(finding), ..) => finding.observed.clone(),
            (None, Some(unknown), _) => format!("no data: {}", unknowns::why(&unknown.gap)),
            (None, None, Some(error)) => format!("rigcheck's own code failed: {error}"),
            (None, None, None) => "nothing was recorded".into(),
        }
    }
    /// What was expected, if it could be said.
    pub fn expected(&self) -> Option<&str> {
        self.outcome.finding.as_ref().map(|f| f.expected.as_str()).filter(|e| !e.is_empty())
    }
    /// What was observed against what was expected.
    pub fn sentence(&self) -> String {
        match self.expected() {
            Some(expected) => format!("{}, expected {expected}", self.observed()),
            None => self.observed(),
        }
    }
    /// Facts that explain it.
    pub fn because(&self) -> &[String] {
        self.outcome.finding.as_ref().map_or(&[], |f| &f.because)
    }
    /// The n that would settle it, in words.
    pub fn settles(&self) -> Option<String> {
        let finding = self.outcome.finding.as_ref()?;
        Some(format!("about n = {} would settle it (now {})", finding.settles_at?, finding.rows))
    }
}

impl Asked<'_> {
    /// The exact request, or that there was none.
    pub fn request(&self) -> String {
        match self.answered {
            Some((_, answered)) if !answered.request.is_empty() => answered.request.clone(),
            Some(_) => self.key.to_string(),
            None => format!("{} (never asked)", self.key),
        }
    }
}

/// All cases of a report.
pub fn of(report: &Report) -> Vec<CaseView<'_>> {
    report.cases.iter().map(|judged| case(judged, report)).collect()
}

fn case<'r>(judged: &'r CaseJudged, report: &'r Report) -> CaseView<'r> {
    let rules: Vec<RuleView<'r>> = judged.in_scope().map(|spec| rule(spec, judged, report)).collect();
    let score = report.assessment.cases.iter().find(|s| s.case == judged.case.id);
    let interval = score.and_then(|s| s.score);
    CaseView {
        score_text: interval.map_or_else(|| "not scored".into(), |i| phrases::score(i, report.header.gate.threshold)),
        case: &judged.case,
        counts: counts(&rules),
        judged,
        score,
        rules,
    }
}

fn rule<'r>(spec: &'r RuleSpec, judged: &'r CaseJudged, report: &'r Report) -> RuleView<'r> {
    let subjects: Vec<_> =
        judged.of_rule(spec).map(|outcome| SubjectView { outcome, from: asked(outcome, report), action: action(outcome, report) }).collect();
    // A rule in scope without any outcome is our fault, as scoring sees it too.
    let status = subjects.iter().map(|s| s.outcome.status).max_by_key(|s| s.badness()).unwrap_or(Status::Error);
    let unscored = spec.newer.then(|| format!("newer than checks {}, not scored", report.header.checks));
    RuleView { spec, unscored, status, subjects }
}

/// The remedy mends what was found; what could not be told needs something else first.
fn action(outcome: &Outcome, report: &Report) -> String {
    match outcome.status {
        Status::Fail | Status::Warn => outcome.remedy.clone(),
        _ => unknowns::cause(outcome, report).map(|(_, _, advice)| advice).unwrap_or_default(),
    }
}

fn asked<'r>(outcome: &'r Outcome, report: &'r Report) -> Vec<Asked<'r>> {
    let of_finding = outcome.finding.iter().flat_map(|f| &f.from);
    let keys = of_finding.chain(outcome.unknown.iter().map(|u| u.key.as_ref()));
    keys.map(|key| Asked { key, answered: report.answers.iter().enumerate().find(|(_, a)| a.key == *key) }).collect()
}

fn counts(rules: &[RuleView<'_>]) -> Vec<String> {
    let of = |status: Status| rules.iter().filter(|r| !r.spec.newer && r.status == status).count();
    let unscored = rules.iter().filter(|r| r.spec.newer).count();
    let counted = Status::ALL.iter().filter(|s| of(**s) > 0).map(|s| format!("{} {}", of(*s), s.word().to_lowercase()));
    counted.chain((unscored > 0).then(|| format!("{unscored} not scored"))).collect()
}
