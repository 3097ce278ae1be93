//! A whole audit in this process: the pipeline of `rigcheck audit`, kept in memory.
#![allow(dead_code, reason = "two test targets share it, and each uses a part")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on must stop; it takes the time of a run")]

use rigcheck::{
    engine::{self, Job, Journal},
    model::{
        audit::AnyCase,
        event::{Event, Header, Recorder, Sink, Stamped},
        evidence::{Evidence, Fact},
        key::Payload,
        name::name,
        outcome::{Outcome, Status},
        rows::InMemory,
        source::Source,
        units::Ms,
    },
    reference::{faults::Fault, rig::ReferenceRig},
    report::Report,
    sources,
    spec::{self, profile::Profile},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// A finished audit, with all that is needed to judge it again.
pub struct Run {
    pub report: Report,
    pub evidence: Evidence,
    pub profile: Profile,
    pub cases: Vec<Box<dyn AnyCase>>,
    pub took: Duration,
}

impl Run {
    /// The rules of which some subject has this status.
    pub fn rules(&self, status: Status) -> BTreeSet<String> {
        self.report.outcomes().filter(|o| o.status == status).map(|o| o.rule.to_string()).collect()
    }
    /// What was said of a rule and a subject; the subject may be left open.
    pub fn outcomes<'r>(&'r self, rule: &'r str, subject: &'r str) -> impl Iterator<Item = &'r Outcome> {
        self.report.outcomes().filter(move |o| o.rule.as_str() == rule && (subject.is_empty() || o.subject.as_str() == subject))
    }
    /// The longest time for which the load generator itself was held up, ms.
    pub fn held_up(&self) -> f64 {
        let performed = self.evidence.iter().filter_map(|(_, answer)| match &answer.as_ref().ok()?.payload {
            Payload::Perform(performed) => Some(performed.heartbeat.max_gap_ms),
            _ => None,
        });
        performed.fold(0.0, f64::max)
    }
    /// Everything that is not a pass, a line each.
    pub fn told(&self) -> String {
        let lines = self.report.outcomes().filter(|o| o.status != Status::Pass).map(|o| {
            let says = match (&o.finding, &o.unknown, &o.error) {
                (Some(f), ..) => format!("{} (expected: {}) {}", f.observed, f.expected, f.because.join("; ")),
                (_, Some(u), _) => format!("{}: {}", u.key, u.gap),
                (.., Some(e)) => e.clone(),
                _ => String::new(),
            };
            format!("  {:12} {} {}: {says}\n", o.status.word(), o.rule, o.subject)
        });
        lines.collect()
    }
}

/// Audits what a spec names.
pub async fn audit(text: &str, base: &Path, patience: Ms) -> Run {
    audit_asking(text, base, patience, |sources| sources).await
}

/// The same, with other sources in the place of those that the spec names.
pub async fn audit_asking(text: &str, base: &Path, patience: Ms, others: impl FnOnce(Vec<Arc<dyn Source>>) -> Vec<Arc<dyn Source>>) -> Run {
    let begun = Instant::now();
    let loaded = spec::load_text(text, "a spec of the tests", base, &spec::Options { checks_dir: None, env: &|_| None, exec: spec::Exec::Refused });
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    let kept = Arc::new(Kept::default());
    let journal = Journal::new(vec![Arc::clone(&kept) as Arc<dyn Sink>], loaded.settings.redactor.clone());
    let job = Job {
        header: Header { run: name("test"), gate: loaded.profile.gate, sources: loaded.profile.rig.sources.clone(), ..Header::default() },
        sources: others(sources::build(&loaded.profile.rig, &loaded.settings)),
        profile: loaded.profile,
        cases: loaded.cases,
        others: BTreeMap::new(),
        blobs: Arc::new(InMemory::default()),
        recorder: Arc::clone(&kept) as Arc<dyn Recorder>,
        cancel: CancellationToken::new(),
        patience,
    };
    let evidence = engine::run(&job, &journal).await.unwrap();
    let report = Report::of(kept.0.lock().unwrap().iter());
    Run { report, evidence, profile: job.profile, cases: job.cases, took: begun.elapsed() }
}

/// Audits the load of the reference rig in short: twice as fast as a user's load, with the fewest requests at which the rules judge.
pub async fn of_reference_in_short(fault: Option<&Fault>) -> Run {
    let faster = |spec: String| {
        assert!(spec.contains(SIZE), "{spec}");
        without_resources(&spec.replace(SIZE, &format!("{SIZE}, rate: 30/s")))
    };
    of_reference_by(fault, FEW, faster).await
}

/// A clean rig without what its process uses.
pub async fn of_its_load(requests: u64) -> Run {
    of_reference_by(None, requests, |spec| without_resources(&spec)).await
}

/// Where rigs run side by side, each would count the use of the others, and their children.
fn without_resources(spec: &str) -> String {
    spec.split_inclusive('\n').filter(|line| !line.contains("RESOURCE_ACCURACY")).collect()
}

/// Audits what the reference rig tells of resources, beside others that do: each burns little, and what all of them burn is the truth.
pub async fn of_resources(fault: &Fault) -> Run {
    let little = |spec: String| {
        assert!(spec.contains(BURN), "{spec}");
        spec.replace(BURN, "cpu: 0.05")
    };
    of_reference_by(Some(fault), FEW, little).await
}

async fn of_reference_by(fault: Option<&Fault>, requests: u64, change: impl FnOnce(String) -> String) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let rig = ReferenceRig::start(folder.path(), fault, requests).unwrap();
    let run = audit(&change(rig.spec()), folder.path(), engine::PATIENCE).await;
    rig.stop().await;
    run
}

/// The fewest requests at which every rule can judge.
const FEW: u64 = 220;
/// Where the reference rig's spec tells the size of its load.
const SIZE: &str = "max_tokens: 64";

/// Where it tells how much CPU it burns.
const BURN: &str = "cpu: 0.5";

/// Keeps the events; the answers are in the evidence.
#[derive(Default)]
struct Kept(Mutex<Vec<Stamped>>);

impl Recorder for Kept {
    fn keep(&self, _: &Fact) -> std::io::Result<()> {
        Ok(())
    }
}

impl Sink for Kept {
    fn on(&self, event: &Stamped) {
        if !matches!(event.event, Event::StepMoved { .. }) {
            self.0.lock().unwrap().push(event.clone());
        }
    }
}
