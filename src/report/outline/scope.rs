//! What was looked at, and what was not.

use crate::{
    model::{
        capability::Capability,
        event::{CaseJudged, OutOfScope},
        outcome::Status,
    },
    report::{
        Report,
        phrases::{self, CATALOGUE},
    },
};

/// Rules that are out of scope for one reason.
pub struct NotTested<'r> {
    /// The rules.
    pub rules: Vec<&'r OutOfScope>,
    /// What would bring them in.
    pub bring_in: String,
}

impl NotTested<'_> {
    /// Their ids.
    pub fn ids(&self) -> Vec<String> {
        self.rules.iter().map(|r| r.rule.to_string()).collect()
    }
}

/// `1 of 25 cases (this release has 1)`, `15 of 15 rules`, `59 subjects`, and what the spec or the command line takes out of it.
pub fn phrases(report: &Report) -> Vec<String> {
    let h = &report.header;
    let judged = judged(report);
    let all = || report.cases.iter().flat_map(|c| &c.case.rules);
    let (rules, newer) = (all().filter(|r| !r.newer).count(), all().filter(|r| r.newer).count());
    let mut said = vec![
        format!("{judged} of {} cases (this release has {})", CATALOGUE.max(h.cases_known), h.cases_known),
        format!("{} of {rules} rules", report.assessment.rules_in_scope),
    ];
    said.extend((newer > 0).then(|| format!("{newer} newer than checks {}, not scored", h.checks)));
    let subjects = report.cases.iter().flat_map(CaseJudged::scored).filter(|o| o.status != Status::NotApplicable).count();
    said.extend((subjects > 0).then(|| phrases::count(subjects as u64, "subject")));
    // A good verdict has it in its reason already.
    if !report.assessment.verdict.good() {
        said.extend(phrases::under(h));
    }
    said
}

fn judged(report: &Report) -> usize {
    report.assessment.cases.iter().filter(|c| c.score.is_some()).count()
}

/// `24 of the 25 cases of the method were not judged`.
pub fn cases_not_judged(report: &Report) -> Option<String> {
    let all = CATALOGUE.max(report.header.cases_known);
    let open = all.saturating_sub(judged(report));
    (open > 0).then(|| format!("{open} of the {all} cases of the method were not judged"))
}

/// Rules out of scope, by what would bring them in, in report order.
pub fn not_tested(report: &Report) -> Vec<NotTested<'_>> {
    let mut groups: Vec<NotTested<'_>> = vec![];
    for rule in report.cases.iter().flat_map(|c| &c.out_of_scope) {
        let bring_in = bring_in(rule);
        match groups.iter_mut().find(|g| g.bring_in == bring_in) {
            Some(group) => group.rules.push(rule),
            None => groups.push(NotTested { rules: vec![rule], bring_in }),
        }
    }
    groups
}

fn bring_in(rule: &OutOfScope) -> String {
    let mut steps: Vec<&str> = rule.missing.iter().copied().map(Capability::how).collect();
    if rule.deselected {
        steps.insert(0, "the spec deselects it: select it again");
    }
    steps.join("; and ")
}
