//! One result for the verdict, for each subject of each rule, for each rule that is out of scope, and for each waiver to look at.

use super::{
    ROOT, VERDICT, WAIVER, message,
    shape::{Artifact, Finding, FindingProperties, Location, Logical, Physical, Region, Rule, Suppression},
};
use crate::{
    model::{
        anchors::Place,
        event::CaseJudged,
        evidence::digest,
        outcome::Status,
        waiver::{Waiver, WaiverState},
    },
    report::{
        Comparison, Judged, Report, Shift, clean,
        outline::{CaseView, Outline, RuleView, SubjectView, WaiverLine},
    },
    scoring::Verdict,
};

/// Of what fails.
pub fn level(blocker: bool) -> &'static str {
    if blocker { "error" } else { "warning" }
}

/// All results, the verdict first.
pub fn of(report: &Report, outline: &Outline<'_>, rules: &[Rule]) -> Vec<Finding> {
    let all = Results { report, outline, rules };
    let mut results = vec![all.verdict()];
    for case in &outline.cases {
        for rule in &case.rules {
            if rule.subjects.is_empty() {
                let id = (case.case.id.as_str(), rule.spec.id.as_str(), "");
                results.push(Finding {
                    properties: properties(rule.status.word()),
                    ..all.finding(id, "open", "none", "no outcome was recorded for it")
                });
            }
            results.extend(rule.subjects.iter().map(|subject| all.subject(case, rule, subject)));
        }
        for out in &case.judged.out_of_scope {
            let (word, why) = (if out.deselected { "deselected" } else { "out of scope" }, outline.bring_in(out).unwrap_or_default());
            let says = format!("{} is {word}. {why}", out.title);
            let id = (case.case.id.as_str(), out.rule.as_str(), "");
            results.push(Finding { properties: properties(word), ..all.finding(id, "notApplicable", "none", &says) });
        }
    }
    results.extend(outline.waivers.iter().filter_map(|line| all.waiver(line)));
    results.extend(report.against.iter().flat_map(|c| all.gone(c)));
    results
}

struct Results<'a> {
    report: &'a Report,
    outline: &'a Outline<'a>,
    rules: &'a [Rule],
}

impl Results<'_> {
    fn verdict(&self) -> Finding {
        let h = &self.outline.headline;
        let (kind, level) = match h.verdict {
            Verdict::Ready | Verdict::ReadyWithWaivers => ("pass", "none"),
            Verdict::NotReady => ("fail", "error"),
            Verdict::Indeterminate => ("open", "none"),
        };
        let mut says = format!(
            "{}: {}. Score {} (needs {}), coverage {} (needs {}).",
            h.verdict.words(),
            h.because,
            h.score,
            h.threshold,
            h.coverage,
            h.coverage_needed
        );
        if let Some(flips) = &self.outline.flips {
            says = format!("{says} What would flip this: {flips}.");
        }
        for warning in self.outline.against.iter().flat_map(|a| std::iter::once(&a.lead).chain(&a.warnings)) {
            says = format!("{says} {warning}.");
        }
        let place = self.report.header.anchors.of_verdict();
        Finding {
            properties: properties(h.verdict.words()),
            locations: [location(&place, None)],
            baseline_state: None,
            ..self.finding(("", VERDICT, ""), kind, level, &says)
        }
    }
    fn subject(&self, case: &CaseView<'_>, rule: &RuleView<'_>, subject: &SubjectView<'_>) -> Finding {
        let o = subject.outcome;
        let (kind, level) = match o.status {
            // What carries no score raises no alert.
            _ if rule.spec.newer => ("informational", "none"),
            Status::Pass => ("pass", "none"),
            Status::Warn => ("fail", "note"),
            Status::Fail => ("fail", level(o.blocker)),
            Status::Inconclusive | Status::NoData | Status::Error => ("open", "none"),
            Status::ManualPending => ("review", "none"),
            Status::Skipped | Status::NotApplicable => ("notApplicable", "none"),
        };
        let unscored = rule.unscored.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        let says = format!("{}{unscored} {}: {}", o.status.word(), subject.name(), subject.sentence());
        let finding = self.finding((case.case.id.as_str(), rule.spec.id.as_str(), o.subject.as_str()), kind, level, &says);
        Finding {
            suppressions: self.suppression(subject).into_iter().collect(),
            properties: FindingProperties {
                because: subject.because().iter().map(|b| clean::line(b)).collect(),
                from: subject.from.iter().map(|asked| clean::line(&asked.request())).collect(),
                action: clean::line(&subject.action),
                ..properties(o.status.word())
            },
            ..finding
        }
    }
    /// Only what a waiver covers is suppressed: one that lapsed or was outgrown hides nothing.
    fn suppression(&self, subject: &SubjectView<'_>) -> Option<Suppression> {
        let (at, _) = subject.outcome.waiver.filter(|_| subject.outcome.waived())?;
        let w = self.report.header.waivers.get(at)?;
        Some(Suppression {
            kind: "external",
            status: "accepted",
            justification: clean::line(&format!("{} ({}, until {})", w.reason, w.owner, w.expires_text)),
            location: location(&self.place_of(at, w), None),
        })
    }
    fn place_of(&self, at: usize, waiver: &Waiver) -> Place {
        let anchors = &self.report.header.anchors;
        anchors.waivers.get(at).cloned().unwrap_or_else(|| anchors.of("", waiver.rule.as_str(), ""))
    }
    /// One that has lapsed, was outgrown, is not needed, or lapses soon.
    fn waiver(&self, line: &WaiverLine<'_>) -> Option<Finding> {
        let level = if matches!(line.state, WaiverState::Lapsed | WaiverState::Outgrown) { "warning" } else { "note" };
        let (says, w) = (line.finding()?, line.waiver);
        // Two waivers of one failure are two findings.
        let of = [w.rule.as_str(), line.subject, &w.owner, &w.expires_text].join(" ");
        let finding = self.finding(("", WAIVER, &of), "fail", level, &says);
        let place = location(&self.place_of(line.at, w), None);
        // Runs are compared by what they judged, not by their waivers.
        Some(Finding { properties: properties(line.word), locations: [place], baseline_state: None, ..finding })
    }
    /// What an earlier run judged and this one has no more.
    fn gone<'c>(&'c self, comparison: &'c Comparison) -> impl Iterator<Item = Finding> + 'c {
        let there = |shift: &&Shift| {
            let (case, rule, subject) = &shift.of;
            let has = |c: &CaseJudged| c.case.id == *case && c.outcomes.iter().any(|o| o.rule == *rule && o.subject == *subject);
            !self.report.cases.iter().any(has)
        };
        comparison.new.iter().filter(there).map(|shift| {
            let (case, rule, subject) = &shift.of;
            let says = format!("{}: was {} and is not judged any more", shift.title, shift.was);
            let id = (case.as_str(), rule.as_str(), subject.as_str());
            Finding { baseline_state: Some("absent"), properties: properties(shift.is), ..self.finding(id, "open", "none", &says) }
        })
    }
    fn finding(&self, (case, rule, subject): (&str, &str, &str), kind: &'static str, level: &'static str, says: &str) -> Finding {
        let of = [case, rule, subject].join("/");
        let place = self.report.header.anchors.of(case, rule, subject);
        let logical = Logical { name: clean::line(if subject.is_empty() { rule } else { subject }), fully_qualified_name: clean::line(&of) };
        Finding {
            // A rule that is gone with its case has no description here.
            rule_index: self.rules.iter().position(|r| r.id == rule),
            rule_id: rule.to_owned(),
            kind,
            level,
            message: message(says),
            locations: [location(&place, Some(logical))],
            partial_fingerprints: [("rigcheckSubject/v1", digest(of.as_bytes()))].into(),
            baseline_state: self.state(&(case.into(), rule.into(), subject.into())),
            suppressions: vec![],
            properties: properties(""),
        }
    }
    fn state(&self, of: &Judged) -> Option<&'static str> {
        let c = self.report.against.as_ref()?;
        let shifted = c.new.iter().chain(&c.resolved).any(|s| s.of == *of);
        Some(match (c.knew(of), shifted) {
            (false, _) => "new",
            (true, true) => "updated",
            (true, false) => "unchanged",
        })
    }
}

fn properties(status: &str) -> FindingProperties {
    FindingProperties { status: status.to_owned(), because: vec![], from: vec![], action: String::new() }
}

fn location(place: &Place, logical: Option<Logical>) -> Location {
    Location {
        physical_location: Physical {
            artifact_location: Artifact { uri: uri(&place.file), uri_base_id: ROOT },
            region: Region { start_line: place.line.max(1) },
        },
        logical_locations: logical.into_iter().collect(),
    }
}

/// A path as a relative reference (RFC 3986): what is not unreserved or `/` is percent-encoded.
fn uri(path: &str) -> String {
    let kept = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    path.bytes().map(|b| if kept(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
