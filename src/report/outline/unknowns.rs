//! What could not be told, grouped by cause, with what would let us tell.

use super::{CaseView, RuleView, SubjectView};
use crate::{
    model::{
        evidence::{Gap, Unknown},
        outcome::{Finding, Outcome, Status},
    },
    report::Report,
};

/// One cause.
pub struct Cause<'r> {
    /// What kind of not knowing.
    pub status: Status,
    /// Did something before it fail, so that it was not asked?
    pub follows: bool,
    /// Why, one sentence.
    pub why: String,
    /// What to do.
    pub advice: String,
    /// The exact requests that brought no (whole) answer.
    pub requests: Vec<String>,
    /// Whom it keeps from being judged.
    pub hits: Vec<Hit<'r>>,
}

/// A rule that could not be told for that cause.
pub struct Hit<'r> {
    /// Its id.
    pub rule: &'r str,
    /// Its title.
    pub title: &'r str,
    /// Is it a blocker?
    pub blocker: bool,
    /// Is it newer than the edition of the checks?
    pub unscored: bool,
    /// For which subjects; empty where the rule has one for the whole rig.
    pub subjects: Vec<&'r str>,
    /// What was found nevertheless, observed against expected.
    pub found: Option<String>,
}

/// All causes: what failed by itself first, then those that keep a blocker from being judged, else in report order.
pub fn of<'r>(report: &Report, cases: &[CaseView<'r>]) -> Vec<Cause<'r>> {
    let mut causes: Vec<Cause<'r>> = vec![];
    for rule in cases.iter().flat_map(|c| &c.rules) {
        if rule.subjects.is_empty() {
            add(&mut causes, rule, None, (Status::Error, "no outcome was recorded for it".into(), missing_advice(report)));
        }
        for subject in &rule.subjects {
            if let Some(cause) = cause(subject.outcome, report) {
                add(&mut causes, rule, Some(subject), cause);
            }
        }
    }
    // What failed by itself comes before what it took along, and what blocks before what does not.
    causes.sort_by_key(|c| (c.follows, !c.hits.iter().any(|h| h.blocker)));
    causes
}

/// Status, why and what to do, if the outcome could not be told.
pub fn cause(o: &Outcome, report: &Report) -> Option<(Status, String, String)> {
    let (why, advice) = match (o.status, &o.unknown) {
        (Status::NoData, Some(unknown)) => (sentence(unknown), advice(unknown, report)),
        (Status::NoData, None) => ("the rule gave no reason".into(), BUG.into()),
        (Status::Inconclusive, _) => inconclusive(o.finding.as_ref()),
        (Status::Error, _) => (format!("rigcheck's own code failed: {}", o.error.as_deref().unwrap_or("no message")), BUG.into()),
        (Status::ManualPending, _) => ("a person has to look".into(), o.remedy.clone()),
        (Status::Skipped, _) => ("skipped".into(), "select it again".into()),
        _ => return None,
    };
    Some((o.status, why, advice))
}

/// The rule itself knows best what would settle it. Else more requests do, or a quieter rig where noise makes the interval: that
/// makes no exact figure another one.
fn inconclusive(finding: Option<&Finding>) -> (String, String) {
    let requests = finding.is_some_and(|f| f.settles_at.is_some());
    let noise = finding.is_some_and(|f| f.figure.lo < f.figure.hi);
    let why = if requests { "measured, but the interval straddles the limit" } else { "measured, and no number of requests alone would settle it" };
    let advice = match finding.and_then(|f| f.remedy.as_deref()) {
        Some(own) => own,
        None if requests => "measure more, or on a quieter rig",
        None if noise => "see what each line says; a quieter rig may settle it",
        None => "see what each line says",
    };
    (why.into(), advice.into())
}

fn add<'r>(causes: &mut Vec<Cause<'r>>, rule: &RuleView<'r>, subject: Option<&SubjectView<'r>>, (status, why, advice): (Status, String, String)) {
    let at = causes.iter().position(|c| c.status == status && c.why == why && c.advice == advice).unwrap_or_else(|| {
        let follows = subject.and_then(|s| s.outcome.gap()).is_some_and(|gap| matches!(gap, Gap::NotReached(_)));
        causes.push(Cause { status, follows, why, advice, requests: vec![], hits: vec![] });
        causes.len() - 1
    });
    let Cause { hits, requests, .. } = &mut causes[at];
    for asked in subject.into_iter().filter(|_| status == Status::NoData).flat_map(|s| &s.from) {
        let request = asked.request();
        if !requests.contains(&request) {
            requests.push(request);
        }
    }
    let name = subject.map(|s| s.outcome.subject.as_str()).filter(|s| !s.is_empty());
    let found = subject.and_then(found);
    // Subjects share a line only where nothing differs between them.
    match hits.iter_mut().find(|h| h.rule == rule.spec.id.as_str() && h.found.is_none() && found.is_none()) {
        Some(hit) => hit.subjects.extend(name),
        None => hits.push(Hit {
            rule: rule.spec.id.as_str(),
            title: &rule.spec.title,
            blocker: rule.spec.blocks(),
            unscored: rule.spec.newer,
            subjects: name.into_iter().collect(),
            found,
        }),
    }
}

fn found(subject: &SubjectView<'_>) -> Option<String> {
    let finding = subject.outcome.finding.as_ref()?;
    let settles = subject.settles().map(|s| format!("; {s}")).unwrap_or_default();
    let because = finding.because.first().map(|b| format!("; because {b}")).unwrap_or_default();
    Some(format!("{}, expected {}{because}{settles}", finding.observed, finding.expected))
}

fn sentence(unknown: &Unknown) -> String {
    // Most gaps name the address themselves; the source's name says where in the spec it is.
    format!("{}: {}", unknown.key.source, why(&unknown.gap))
}

/// What happened, without what to do about it and without the query of an address: that tells apart what has one cause. The
/// exact request stays in the evidence.
pub fn why(gap: &Gap) -> String {
    let words: Vec<&str> = split(gap.detail()).0.split(' ').collect();
    let cut = words.into_iter().map(|word| match word.split_once("://").and_then(|_| word.find('?')) {
        Some(at) => word[..at].to_owned() + &word[word.trim_end_matches([':', ',', ';', ')']).len().max(at)..],
        None => word.to_owned(),
    });
    let detail = cut.collect::<Vec<_>>().join(" ");
    if detail.is_empty() { gap.word().into() } else { format!("{}: {detail}", gap.word()) }
}

/// First words of the advice that whoever found a gap gave.
const IMPERATIVES: [&str; 20] = [
    "add", "allow", "change", "check", "close", "correct", "does", "give", "grant", "is", "let", "look", "name", "raise", "remove", "send", "set",
    "start", "stop", "write",
];

/// What happened, and what to do about it if that is said: `…: Connection refused; start it, or …`.
fn split(detail: &str) -> (&str, Option<&str>) {
    let advises = |at: usize| detail[at + 2..].split([' ', ',']).next().is_some_and(|word| IMPERATIVES.contains(&word));
    match detail.match_indices("; ").map(|(at, _)| at).find(|at| advises(*at)) {
        Some(at) => (&detail[..at], Some(&detail[at + 2..])),
        None => (detail, None),
    }
}

const BUG: &str = "this is a bug of rigcheck: please report it, with the run's file";

fn missing_advice(report: &Report) -> String {
    if report.interrupted { "run again to the end".into() } else { BUG.into() }
}

/// What the user can do about a gap.
fn advice(unknown: &Unknown, report: &Report) -> String {
    let source = &unknown.key.source;
    let known = report.header.sources.get(source);
    let in_spec = known.is_some_and(|s| s.kind.as_str() != "load");
    let is_file = known.is_some_and(|s| s.kind.as_str() == "access_log" && !s.place.starts_with("docker: "));
    if is_file && matches!(unknown.gap, Gap::Unreachable(_)) {
        return format!("correct `sources.{source}.path` (it is relative to the spec), and see that the target writes it there");
    }
    if let Some(advice) = split(unknown.gap.detail()).1 {
        return advice.to_owned();
    }
    match &unknown.gap {
        Gap::Unreachable(_) if in_spec => format!("start it, correct its address or remove `sources.{source}`"),
        Gap::Unreachable(_) => "check that the target is up and that `target.url` is right".into(),
        Gap::Denied(_) if in_spec => format!("grant the permission, or correct the credentials of `sources.{source}`"),
        Gap::Denied(_) => "grant the permission, or correct the credentials of `target`".into(),
        Gap::Malformed(_) => "look at what the request answers: is it the right address, and a version that rigcheck knows?".into(),
        Gap::TooLate(_) => "find out what makes it slow, or run again when it is idle".into(),
        Gap::OutsideRetention(_) => "lengthen the retention, or run again and let it be asked in time".into(),
        Gap::Truncated(_) => "raise the limit that cut the answer, then run again".into(),
        Gap::NotConfigured(_) => "name it in the spec".into(),
        Gap::NotReached(_) if report.interrupted => "run again to the end".into(),
        Gap::NotReached(_) => "mend what failed before it, then run again".into(),
        Gap::NotRecorded => "run again: this recording was made without that question".into(),
        Gap::NoBaseline(_) => "accept a baseline first".into(),
        Gap::Busy(_) => "run again when it has recovered".into(),
        Gap::Refused(_) => "raise the limit that it names (`target.allow`), if that spending is meant".into(),
        Gap::Panicked(_) => BUG.into(),
    }
}
