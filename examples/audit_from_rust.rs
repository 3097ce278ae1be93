//! The library without the command line: audits the rig that a spec describes and uses the report.
//!
//! `cargo run --example audit_from_rust -- path/to/rigcheck.yaml`; without a path it audits the embedded reference rig.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "an example talks to people and reads its surroundings")]

use rigcheck::{
    engine::{self, Job, Journal},
    model::{
        event::{Header, Recorder, Sink, Stamped},
        evidence::Fact,
        rows::InMemory,
    },
    reference::rig::ReferenceRig,
    report::Report,
    sources,
    spec::{self, Exec, Options},
};
use std::{
    collections::BTreeMap,
    error::Error,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// Keeps the events; a program may as well show them while they come.
#[derive(Default)]
struct Events(Mutex<Vec<Stamped>>);

impl Sink for Events {
    fn on(&self, event: &Stamped) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}

/// Keeps no run. `store::Shelf` records one, for `rigcheck replay`.
struct Forget;

impl Recorder for Forget {
    fn keep(&self, _: &Fact) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options { checks_dir: None, env: &|name| std::env::var(name).ok(), exec: Exec::Refused };
    let folder = tempfile::tempdir()?;
    let (rig, loaded) = if let Some(path) = std::env::args().nth(1) {
        (None, spec::load(Path::new(&path), &options)?)
    } else {
        let rig = ReferenceRig::start(folder.path(), None, 300)?;
        let loaded = spec::load_text(&rig.spec(), "the reference rig", folder.path(), &options)?;
        (Some(rig), loaded)
    };

    let events = Arc::new(Events::default());
    let journal = Journal::new(vec![Arc::clone(&events) as Arc<dyn Sink>], loaded.settings.redactor.clone());
    let job = Job {
        header: Header { rig: loaded.profile.rig.name.clone(), gate: loaded.profile.gate, ..Header::default() },
        sources: sources::build(&loaded.profile.rig, &loaded.settings),
        profile: loaded.profile,
        cases: loaded.cases,
        others: BTreeMap::new(),
        blobs: Arc::new(InMemory::default()),
        recorder: Arc::new(Forget),
        cancel: CancellationToken::new(),
        patience: engine::PATIENCE,
    };
    engine::run(&job, &journal).await?;
    if let Some(rig) = rig {
        rig.stop().await;
    }

    let report = Report::of(&*events.0.lock().unwrap_or_else(PoisonError::into_inner));
    let a = &report.assessment;
    println!("{}: {} (score {:.2} … {:.2}, coverage {:.0} %)", a.verdict.words(), a.because, a.score.lo, a.score.hi, a.coverage * 100.0);
    for outcome in report.outcomes().filter(|o| o.status.value() != Some(1.0)) {
        let said = outcome.finding.as_ref().map_or_else(|| outcome.gap().map(ToString::to_string).unwrap_or_default(), |f| f.observed.clone());
        println!("  {} {} {}: {said}", outcome.status.word(), outcome.rule, outcome.subject);
    }
    Ok(())
}
