//! One audit with one bad part, and what must be true of it.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "helpers of tests")]

use crate::embedded::{Run, audit};
use futures_util::StreamExt;
use rigcheck::{
    model::{
        outcome::{Outcome, Status},
        units::Ms,
    },
    reference::rig::ReferenceRig,
    scoring::Verdict,
};
use std::{collections::BTreeMap, fmt::Write as _, path::Path, time::Duration};
use tokio::sync::OnceCell;

/// Measured requests of these short audits, the least over which a location is told, and their rate.
const REQUESTS: u64 = 40;
/// Audits at a time.
const AT_ONCE: usize = 12;

/// What the engine promises at most, all deadlines at their ends one after the other: 15 s for watchers to be ready, two
/// acts of some 5 s with half as much again and twice the patience, after each the settling and twice the patience.
fn longest(patience: Ms) -> Duration {
    Duration::from_secs(15 + 2 * 8 + 2 * 2) + Duration::from_secs_f64(8.0 * patience.0 / 1e3)
}

/// A bad part.
pub struct Case {
    /// What is wrong.
    pub name: &'static str,
    /// The source that is bad, by the spec's name.
    pub source: &'static str,
    /// Rules that do not rest on what is bad although they rest on the source.
    pub but: &'static [&'static str],
    /// Words that its gaps or findings must say between them: what, where (as `{url}`), what to do.
    pub says: &'static [&'static str],
}

/// Runs one audit per case. `change` makes the bad part and returns the spec, and where the bad part is.
pub async fn check<'c, M: 'c>(patience: Ms, cases: &'c [(Case, M)], change: impl AsyncFn(&'c M, Healthy) -> (String, String)) {
    let healthy = healthy().await;
    let runs = futures_util::stream::iter(cases).map(async |(case, mode)| {
        let (run, place) = one(patience, async |healthy| change(mode, healthy).await).await;
        wrong(case, patience, &place, &run, healthy)
    });
    let wrong: Vec<String> = runs.buffer_unordered(AT_ONCE).filter_map(async |w| w).collect().await;
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// One audit. `change` makes the bad part and returns the spec, and where the bad part is.
pub async fn one(patience: Ms, change: impl AsyncFnOnce(Healthy) -> (String, String)) -> (Run, String) {
    let folder = tempfile::tempdir().unwrap();
    let rig = ReferenceRig::start(folder.path(), None, REQUESTS).unwrap();
    let (spec, place) = change(Healthy { rig: &rig, folder: folder.path(), spec: short(&rig) }).await;
    let run = audit(&spec, folder.path(), patience).await;
    rig.stop().await;
    (run, place)
}

/// The rig to spoil, and the spec of a short audit of it.
pub struct Healthy<'r> {
    pub rig: &'r ReferenceRig,
    pub folder: &'r Path,
    pub spec: String,
}

impl Healthy<'_> {
    /// The spec with one piece replaced, which must be there.
    pub fn with(&self, piece: &str, by: &str) -> String {
        assert!(self.spec.contains(piece), "no `{piece}` in\n{}", self.spec);
        self.spec.replace(piece, by)
    }
}

fn short(rig: &ReferenceRig) -> String {
    // What the cases of traces and of resources say of what is bad stands with those cases.
    let others =
        |line: &&str| ["GRANULARITY_TRACE", "RESOURCE_ACCURACY", "resources:", "  endpoint:", "  burner:"].iter().any(|of| line.contains(of));
    let usual = rig.spec().split_inclusive('\n').filter(|line| !others(line)).collect::<String>();
    let fewer = usual.replace(&format!("requests: {REQUESTS}"), &format!("requests: {REQUESTS}, warmup: 2, calibration: 10"));
    let faster = fewer.replace("max_tokens: 64", "max_tokens: 64, rate: 20/s");
    assert!(fewer != usual && faster != fewer, "{usual}");
    faster
}

/// What a healthy rig says in a run as short.
async fn healthy() -> &'static Run {
    static RUN: OnceCell<Run> = OnceCell::const_new();
    RUN.get_or_init(async || one(Ms(8_000.0), async |healthy| (healthy.spec, String::new())).await.0).await
}

/// Rule, subject and status of everything that cites a source's answers where all is well.
fn resting_on(source: &str, healthy: &Run) -> BTreeMap<(String, String), Status> {
    let cites = |o: &&Outcome| o.finding.as_ref().is_some_and(|f| f.from.iter().any(|k| k.source.as_str() == source));
    healthy.report.outcomes().filter(cites).map(|o| (key(o), o.status)).collect()
}

fn key(o: &Outcome) -> (String, String) {
    (o.rule.to_string(), o.subject.to_string())
}

fn about(o: &Outcome, source: &str) -> bool {
    o.subject.as_str().strip_prefix(source).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

fn wrong(case: &Case, patience: Ms, place: &str, run: &Run, healthy: &Run) -> Option<String> {
    let resting = resting_on(case.source, healthy);
    let mut wrong = vec![];
    let affected: Vec<_> = run.report.outcomes().filter(|o| about(o, case.source) || resting.contains_key(&key(o))).collect();
    // The healthy rig has one source of each group; a source of another kind is judged by what is about it.
    let healthy_passes = resting.values().any(|status| *status == Status::Pass);
    if affected.is_empty() || !resting.is_empty() && !healthy_passes {
        wrong.push("nothing rests on the bad part, or nothing of it passes where all is well".to_owned());
    }
    let due = affected.iter().filter(|o| !case.but.contains(&o.rule.as_str()));
    for o in due.filter(|o| !matches!(o.status, Status::Fail | Status::Inconclusive | Status::NoData)) {
        wrong.push(format!("{} {} is {}", o.rule, o.subject, o.status.word()));
    }
    let broke = run.report.outcomes().filter(|o| o.status == Status::Error);
    wrong.extend(broke.map(|o| format!("{} {} broke: {:?}", o.rule, o.subject, o.error)));
    if matches!(run.report.assessment.verdict, Verdict::Ready | Verdict::ReadyWithWaivers) {
        wrong.push("the verdict is READY".into());
    }
    if run.took > longest(patience) {
        wrong.push(format!("took {:.1} s", run.took.as_secs_f64()));
    }
    let said = said(case, run, &affected);
    for word in case.says.iter().map(|w| w.replace("{url}", place)) {
        if !said.contains(&word) {
            wrong.push(format!("nothing says `{word}`"));
        }
    }
    let everything = format!("{:?}", run.report);
    if everything.contains(super::server::PRIVATE) {
        wrong.push("a body is repeated".into());
    }
    println!("{:40} {:5.1} s  {}", case.name, run.took.as_secs_f64(), said.lines().next().unwrap_or_default());
    (!wrong.is_empty()).then(|| format!("{}: {}\n{said}", case.name, wrong.join("; ")))
}

/// The gaps of the source's own questions, then what the rules about it say.
fn said(case: &Case, run: &Run, affected: &[&Outcome]) -> String {
    let mut text = String::new();
    for group in run.report.gaps().iter().filter(|g| g.keys.iter().any(|k| k.source.as_str() == case.source)) {
        let _ = writeln!(text, "{}", group.gap);
    }
    for o in affected {
        if let Some(f) = &o.finding {
            let _ = writeln!(text, "{} {} {}: {}; {}", o.status.word(), o.rule, o.subject, f.observed, f.because.join("; "));
        }
        if let Some(unknown) = &o.unknown {
            let _ = writeln!(text, "{} {} {}: {}", o.status.word(), o.rule, o.subject, unknown.gap);
        }
    }
    text
}
