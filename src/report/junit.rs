//! The report for continuous integration: JUnit XML in the dialect of Jenkins, as nextest writes it.
//!
//! A suite per case, a test per rule and subject. What fails is a `<failure>`; what could not be told is an `<error>` with the
//! reason, never `<skipped>`, which servers show as harmless; only what does not apply, is out of scope or is deselected is
//! skipped, and a waiver that no failure needs. A waived failure passes and says so. The verdict is a test of its own: a run that judged nothing is not green.

use super::{
    Report, clean,
    outline::{Against, Outline, RuleView, SubjectView},
    phrases,
};
use crate::{
    model::{event::OutOfScope, outcome::Status},
    scoring::Verdict,
};
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

/// Suite of the test that is the verdict.
const SUITE: &str = "rigcheck";

/// The report as JUnit XML.
pub fn render(report: &Report) -> String {
    let outline = Outline::of(report);
    let name = if report.header.rig.as_str().is_empty() { SUITE.to_owned() } else { format!("{SUITE} {}", report.header.rig) };
    let mut junit = quick_junit::Report::new(text(&name));
    junit.add_test_suite(verdict(report, &outline));
    for case in &outline.cases {
        let id = text(case.case.id.as_str());
        let mut suite = TestSuite::new(&id);
        suite.add_property(Property::new("title", text(&case.case.title)));
        suite.add_property(Property::new("score", text(&case.score_text)));
        for rule in &case.rules {
            suite.add_test_cases(tests(rule, &outline).into_iter().map(|test| of_suite(test, &id)));
        }
        for out in &case.judged.out_of_scope {
            suite.add_test_case(of_suite(out_of_scope(out, &outline), &id));
        }
        junit.add_test_suite(suite);
    }
    junit.add_test_suites(idle_waivers(report, &outline));
    junit.to_string().expect("writing XML to memory does not fail")
}

/// Cleaned, and without the two characters beyond the control characters that XML 1.0 cannot hold.
fn text(text: &str) -> String {
    clean::line(text).replace(['\u{fffe}', '\u{ffff}'], "")
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| text(line)).collect::<Vec<_>>().join("\n")
}

fn of_suite(mut test: TestCase, suite: &str) -> TestCase {
    test.set_classname(suite);
    test
}

fn status(kind: NonSuccessKind, of: &str, message: &str, details: &[String]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(of).set_message(text(message)).set_description(lines(details));
    status
}

fn skipped(of: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_type(of).set_message(text(message));
    status
}

fn verdict(report: &Report, outline: &Outline<'_>) -> TestSuite {
    let h = &outline.headline;
    let word = h.verdict.words();
    let score = format!("score {} (needs {}), coverage {} (needs {})", h.score, h.threshold, h.coverage, h.coverage_needed);
    let mut details: Vec<String> = vec![format!("{word}: {}", h.because), score];
    details.extend(h.interrupted.clone());
    details.extend(outline.flips.iter().map(|f| format!("what would flip this: {f}")));
    let state = match h.verdict {
        Verdict::Ready | Verdict::ReadyWithWaivers => TestCaseStatus::success(),
        Verdict::NotReady => status(NonSuccessKind::Failure, word, &h.because, &details),
        Verdict::Indeterminate => status(NonSuccessKind::Error, word, &h.because, &details),
    };
    let mut test = of_suite(TestCase::new("verdict", state), SUITE);
    if let Some(against) = &outline.against {
        details.push(against.lead.clone());
        details.extend(against.warnings.iter().cloned());
        details.extend(against.comparison.new.iter().map(|s| format!("new: {}", Against::line(s))));
        details.extend(against.comparison.resolved.iter().map(|s| format!("resolved: {}", Against::line(s))));
    }
    test.set_system_out(lines(&details));
    let (a, head) = (&report.assessment, &report.header);
    let mut suite = TestSuite::new(SUITE);
    for (key, value) in [
        ("verdict", word.to_owned()),
        ("score_lo", a.score.lo.to_string()),
        ("score_hi", a.score.hi.to_string()),
        ("coverage", a.coverage.to_string()),
        ("rig", head.rig.to_string()),
        ("run", head.run.to_string()),
        ("profile", head.profile.clone()),
        ("checks", head.checks.clone()),
        ("tool", head.tool.clone()),
        ("started", phrases::rfc3339(head.started)),
    ] {
        suite.add_property(Property::new(key, text(&value)));
    }
    suite.add_test_case(test);
    suite
}

/// One test for each subject; one for the rule where no outcome was recorded.
fn tests(rule: &RuleView<'_>, outline: &Outline<'_>) -> Vec<TestCase> {
    if rule.subjects.is_empty() {
        let broken = status(NonSuccessKind::Error, rule.status.word(), "no outcome was recorded for it", &[]);
        return vec![TestCase::new(name(rule.spec.id.as_str(), &rule.spec.title, ""), broken)];
    }
    rule.subjects.iter().map(|subject| test(rule, subject, outline)).collect()
}

fn name(rule: &str, title: &str, subject: &str) -> String {
    let of = if subject.is_empty() { String::new() } else { format!(" [{subject}]") };
    text(&format!("{rule} {title}{of}"))
}

fn test(rule: &RuleView<'_>, subject: &SubjectView<'_>, outline: &Outline<'_>) -> TestCase {
    let o = subject.outcome;
    let (word, sentence) = (o.status.word(), subject.sentence());
    let mut details: Vec<String> = vec![sentence.clone()];
    details.extend(subject.because().iter().map(|b| format!("because {b}")));
    details.extend(subject.settles());
    details.extend(subject.from.iter().map(|asked| format!("from {}", asked.request())));
    if !subject.action.is_empty() {
        details.push(format!("do: {}", subject.action));
    }
    let waiver = outline.waiver_of(o).map(|w| {
        let told = w.says.join(", ");
        format!("{}: {} ({}, until {}): {told}", w.word, w.waiver.reason, w.waiver.owner, w.waiver.expires_text)
    });
    details.extend(waiver.clone());
    let state = match o.status {
        // What carries no score breaks no build.
        _ if rule.spec.newer => skipped(&format!("{word}, not scored"), &format!("{}: {sentence}", rule.unscored.as_deref().unwrap_or_default())),
        Status::Pass | Status::Warn => TestCaseStatus::success(),
        Status::Fail if o.waived() => TestCaseStatus::success(),
        Status::Fail => status(NonSuccessKind::Failure, word, &sentence, &details),
        Status::Inconclusive | Status::NoData | Status::Error | Status::ManualPending => status(NonSuccessKind::Error, word, &sentence, &details),
        Status::Skipped | Status::NotApplicable => skipped(word, &sentence),
    };
    let shown = matches!(state, TestCaseStatus::Success { .. });
    let mut test = TestCase::new(name(rule.spec.id.as_str(), &rule.spec.title, o.subject.as_str()), state);
    test.add_property(("status", word));
    if rule.spec.blocks() {
        test.add_property(("blocker", "yes"));
    }
    if let Some(waiver) = &waiver {
        test.add_property(Property::new("waiver", text(waiver)));
    }
    if shown {
        details.insert(0, if o.waived() { format!("{word}, waived") } else { word.to_owned() });
        test.set_system_out(lines(&details));
    }
    test
}

/// A suite of the waivers that no test above shows: no failure is looked at for them.
fn idle_waivers(report: &Report, outline: &Outline<'_>) -> Option<TestSuite> {
    const WAIVERS: &str = "waivers";
    let idle = report.unused_waivers();
    let mut suite = TestSuite::new(WAIVERS);
    for line in outline.waivers.iter().filter(|w| idle.contains(&w.at)) {
        let test = TestCase::new(name(line.waiver.rule.as_str(), "waiver", line.subject), skipped(line.word, &line.finding().unwrap_or_default()));
        suite.add_test_case(of_suite(test, WAIVERS));
    }
    (!idle.is_empty()).then_some(suite)
}

fn out_of_scope(out: &OutOfScope, outline: &Outline<'_>) -> TestCase {
    let why = outline.bring_in(out).unwrap_or_default();
    let of = if out.deselected { "DESELECTED" } else { "OUT OF SCOPE" };
    TestCase::new(name(out.rule.as_str(), &out.title, ""), skipped(of, why))
}
