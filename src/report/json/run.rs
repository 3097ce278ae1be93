//! The run around the cases: who, when, what was asked, what was sent.

use super::{Score, finite};
use crate::{
    model::{
        event::{self, Answered, OwnCost},
        name::Name,
        rig::{Quantity, SourceInfo},
        units::Wall,
        waiver::WaiverState,
    },
    report::{
        Report, StepDone,
        outline::{Outline, WaiverLine},
        phrases,
    },
    scoring::{self, Verdict},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// How the run is described.
#[derive(Serialize)]
pub struct Run<'r> {
    id: &'r str,
    tool: &'r str,
    rig: &'r str,
    vantage: &'r str,
    checks: &'r str,
    profile: &'r str,
    /// `null` where the run's beginning was not recorded.
    started: Option<String>,
    /// The one "now" of the run; `null` where gathering did not end.
    as_of: Option<String>,
    remark: Option<&'r str>,
    /// What `--set` laid over the spec.
    set: &'r [String],
    /// Sources and claims of the recorded spec that the one which judges does not have.
    lacks: &'r [Name],
    sources: &'r BTreeMap<Name, SourceInfo>,
    cases_in_method: usize,
    cases_known: usize,
    /// What cases and gate change of the edition of the checks, in the words of the spec.
    changed: Vec<Change<'r>>,
    /// Quantities that nothing at the server measures.
    unmeasured: Vec<Unmeasured<'r>>,
}

/// One difference from the edition of the checks.
#[derive(Serialize)]
struct Change<'r> {
    /// Id of a rule or a case, or `gate`.
    of: &'r str,
    /// `blocker`, `weight`, `deselected`, …; a parameter's path.
    what: &'r str,
    from: &'r str,
    to: &'r str,
}

/// A quantity that could not be compared with anything.
#[derive(Serialize)]
struct Unmeasured<'r> {
    quantity: Quantity,
    why: &'r str,
    bring_in: &'r str,
}

impl<'r> Run<'r> {
    /// Of a report.
    pub fn of(report: &'r Report, outline: &'r Outline<'_>) -> Run<'r> {
        let h = &report.header;
        Run {
            id: h.run.as_str(),
            tool: &h.tool,
            rig: h.rig.as_str(),
            vantage: &h.vantage,
            checks: &h.checks,
            profile: &h.profile,
            started: (h.started != Wall::default()).then(|| phrases::rfc3339(h.started)),
            as_of: report.as_of.map(phrases::rfc3339),
            remark: h.remark.as_deref(),
            set: &h.set,
            lacks: &h.lacks,
            sources: &h.sources,
            cases_in_method: phrases::CATALOGUE,
            cases_known: h.cases_known,
            changed: h.changed.iter().map(|c| Change { of: c.of.id(), what: c.what.word(), from: &c.from, to: &c.to }).collect(),
            unmeasured: outline.unmeasured.iter().map(|u| Unmeasured { quantity: u.quantity, why: u.why, bring_in: &u.bring_in }).collect(),
        }
    }
}

/// A waiver and what it did.
#[derive(Serialize)]
pub struct Waived<'r> {
    rule: &'r str,
    /// The subject that it was looked at for; empty: every subject of the rule.
    subject: &'r str,
    state: WaiverState,
    /// It holds for less than two weeks more.
    lapses_soon: bool,
    /// Range of the observed value in which it holds; a missing end is open.
    holds: Option<(Option<f64>, Option<f64>)>,
    reason: &'r str,
    owner: &'r str,
    expires: &'r str,
    says: &'r [String],
}

impl<'r> Waived<'r> {
    /// Of a line of the outline.
    pub fn of(line: &'r WaiverLine<'_>) -> Waived<'r> {
        let w = line.waiver;
        Waived {
            rule: w.rule.as_str(),
            subject: line.subject,
            state: line.state,
            lapses_soon: line.soon,
            holds: w.holds.as_ref().map(|r| (finite(r.lo), finite(r.hi))),
            reason: &w.reason,
            owner: &w.owner,
            expires: &w.expires_text,
            says: &line.says,
        }
    }
}

/// Rules whose passing (or failing, or losing its waivers) would change the verdict.
#[derive(Serialize)]
pub struct Flip<'r> {
    rules: &'r [Name],
    verdict: Verdict,
    score: Score,
}

impl<'r> Flip<'r> {
    /// Of the assessment's.
    pub fn of(flip: &'r scoring::Flip) -> Flip<'r> {
        Flip { rules: &flip.rules, verdict: flip.verdict, score: flip.score.into() }
    }
}

/// A step of the run.
#[derive(Serialize)]
pub struct Step<'r> {
    title: &'r str,
    begun_ms: Option<f64>,
    /// `null` if it did not end.
    took_ms: Option<f64>,
    ok: bool,
    says: &'r str,
    requests: u64,
}

impl<'r> Step<'r> {
    /// Of a step that was begun.
    pub fn of(done: &'r StepDone) -> Step<'r> {
        Step {
            title: &done.step.title,
            begun_ms: finite(done.begun.0),
            took_ms: done.took.and_then(|t| finite(t.0)),
            ok: done.ok,
            says: &done.says,
            requests: done.step.requests,
        }
    }
}

/// A question and how it was answered.
#[derive(Serialize)]
pub struct Answer<'r> {
    asked: String,
    source: &'r str,
    request: &'r str,
    server: Option<&'r str>,
    took_ms: Option<f64>,
    /// Did it watch the load, from before to after it? Then that is what took so long.
    watched: bool,
    retries: u32,
    /// Why there is no (whole) answer.
    gap: Option<&'static str>,
    gap_detail: Option<&'r str>,
    /// SHA-256 of the answer as recorded.
    digest: Option<&'r str>,
    notes: &'r [String],
}

impl<'r> Answer<'r> {
    /// Of an answer of the run.
    pub fn of(a: &'r Answered, watched: bool) -> Answer<'r> {
        Answer {
            asked: a.key.to_string(),
            source: a.key.source.as_str(),
            request: &a.request,
            server: a.server.as_deref(),
            took_ms: finite(a.took.0),
            watched,
            retries: a.retries,
            gap: a.gap.as_ref().map(crate::model::Gap::word),
            gap_detail: a.gap.as_ref().map(crate::model::Gap::detail),
            digest: a.digest.as_deref(),
            notes: &a.notes,
        }
    }
}

/// What an act sent.
#[derive(Serialize)]
pub struct Sent<'r> {
    target: &'r str,
    /// Warm-ups included.
    requests: u64,
    warmup: u64,
    failed: u64,
    /// By ourselves, on an interruption or when the time was over; not among the failed.
    cut_off: u64,
    tokens_allowed: u64,
    tokens_used: u64,
    planted: bool,
    lag_p99_ms: Option<f64>,
    stalled: Option<f64>,
}

impl<'r> Sent<'r> {
    /// Of an act.
    pub fn of(s: &'r event::Sent) -> Sent<'r> {
        Sent {
            target: &s.target,
            requests: s.requests,
            warmup: s.warmup,
            failed: s.failed,
            cut_off: s.cut_off,
            tokens_allowed: s.tokens_allowed,
            tokens_used: s.tokens_used,
            planted: s.planted,
            lag_p99_ms: finite(s.lag_p99.0),
            stalled: finite(s.stalled.0),
        }
    }
}

/// What the auditor itself used.
#[derive(Serialize)]
pub struct Own {
    cpu_s: Option<f64>,
    peak_mib: Option<f64>,
    queries: u64,
    bytes: u64,
    wall_ms: Option<f64>,
}

impl Own {
    /// Of the run.
    pub fn of(own: &OwnCost) -> Own {
        Own {
            cpu_s: finite(own.cpu_s),
            peak_mib: finite(own.peak_mib),
            queries: own.cost.queries,
            bytes: own.cost.bytes,
            wall_ms: finite(own.wall.0),
        }
    }
}
