//! What the templates say about single values. askama hands values over by reference.

use crate::{
    model::{
        case::RuleSpec,
        event::Answered,
        outcome::{Outcome, Status},
        waiver::WaiverState,
    },
    report::{
        outline::{self, SubjectView, WaiverLine},
        phrases,
    },
};

/// CSS class of a status.
pub fn tone(status: &Status) -> &'static str {
    match status {
        Status::Pass => "good",
        Status::Warn => "mind",
        Status::Fail | Status::Error => "bad",
        Status::NoData | Status::Inconclusive | Status::ManualPending => "open",
        Status::Skipped | Status::NotApplicable => "mute",
    }
}

/// CSS class of a waiver.
pub fn waiver_tone(line: &WaiverLine<'_>) -> &'static str {
    match line.state {
        WaiverState::Holds => "mind",
        WaiverState::Lapsed | WaiverState::Outgrown => "bad",
        WaiverState::Unused => "mute",
    }
}

/// An id that is safe as an anchor, whatever a check file calls its rules.
pub fn anchor(kind: &str, id: impl std::fmt::Display) -> String {
    let id: String = id.to_string().chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect();
    format!("{kind}-{id}")
}

/// What a rule says about itself, without what its file leaves empty.
pub fn about(spec: &RuleSpec) -> Vec<(&'static str, &str)> {
    let all = [
        ("why", &spec.why),
        ("method", &spec.method),
        ("formula", &spec.formula),
        ("blind spots", &spec.blind_spots),
        ("remedy", &spec.remedy),
        ("source", &spec.source),
    ];
    all.into_iter().map(|(label, text)| (label, text.as_str())).filter(|(_, text)| !text.is_empty()).collect()
}

/// The figure that decided.
pub fn figure(subject: &SubjectView<'_>) -> Option<String> {
    subject.outcome.finding.as_ref().map(|f| phrases::figure(&f.figure))
}

/// How far inside or outside its limit.
pub fn margin(subject: &SubjectView<'_>) -> Option<String> {
    subject.outcome.finding.as_ref().and_then(|f| f.margin).and_then(phrases::margin)
}

/// How much it counts, and why.
pub fn strength(outcome: &Outcome) -> Option<String> {
    outcome.strength.as_ref().map(phrases::strength)
}

/// What became of its negative control on this rig.
pub fn proof(outcome: &Outcome) -> Option<String> {
    outline::proof(outcome)
}

/// The first digits of a digest; all of them stand in the run and in JSON.
pub fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

/// What became of a question.
pub fn result(answered: &Answered) -> String {
    answered.gap.as_ref().map_or_else(|| "answered".into(), ToString::to_string)
}
