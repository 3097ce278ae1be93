//! What `audit` and `demo` share: a loaded spec in, a recorded and reported run out.

use super::{exit, outputs::Outputs, progress::Progress};
use crate::{
    engine::{self, Job, Journal},
    model::{
        event::{Header, Recorder, Sink, Stamped},
        name::{Name, name},
    },
    report::Report,
    sources,
    spec::{Loaded, profile::Profile},
    store::{Kept, Shelf, StoreError},
};
use std::{
    collections::BTreeMap,
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How a run is done.
pub struct How<'a> {
    /// Folder whose `.rigcheck` keeps the run.
    pub folder: &'a Path,
    /// A sentence about something special.
    pub remark: Option<String>,
    /// Where reports go.
    pub outputs: Outputs,
    /// End with 0 whatever the verdict.
    pub exit_zero: bool,
}

/// Runs, records, reports.
pub async fn run(loaded: Loaded, mut how: How<'_>) -> anyhow::Result<ExitCode> {
    if !loaded.warnings.is_empty() {
        eprintln!("{}", loaded.warnings);
    }
    let id = name(ulid::Ulid::new().to_string());
    let shelf = Shelf::of(how.folder);
    let writer = Arc::new(shelf.begin(&id, &loaded.profile).map_err(begun)?);
    how.outputs.recorded_in(writer.path().display().to_string());
    let collected = Arc::new(Collected::default());
    let sinks: Vec<Arc<dyn Sink>> = vec![Arc::clone(&writer) as _, Arc::clone(&collected) as _, Arc::new(Progress::new())];
    let journal = Journal::new(sinks, loaded.settings.redactor.clone());
    let cancel = CancellationToken::new();
    let listening = listen_for_the_end(cancel.clone());
    let job = Job {
        header: header(&id, &loaded.profile, how.remark.take()),
        sources: sources::build(&loaded.profile.rig, &loaded.settings),
        profile: loaded.profile,
        cases: loaded.cases,
        others: BTreeMap::new(),
        blobs: writer.blobs(),
        recorder: Arc::clone(&writer) as Arc<dyn Recorder>,
        cancel,
        patience: engine::PATIENCE,
    };
    let ran = engine::run(&job, &journal).await;
    listening.abort();
    ran?;
    // What was found is told first: neither a full disk nor an old run that cannot be removed may keep it back.
    let recorded = writer.finish();
    let report = Report::of(&collected.events());
    how.outputs.write(&report)?;
    recorded?;
    if let Err(error) = shelf.prune(Kept::default()) {
        eprintln!("note: old runs are kept: {error}");
    }
    Ok(exit::of(&report, how.exit_zero))
}

/// Another run that goes on is no trouble with recording this one.
fn begun(why: StoreError) -> anyhow::Error {
    match why {
        StoreError::Busy { .. } => why.into(),
        why => anyhow::Error::from(why).context("recording the run"),
    }
}

/// How a run is described.
pub fn header(id: &Name, profile: &Profile, remark: Option<String>) -> Header {
    Header {
        run: id.clone(),
        tool: concat!("rigcheck ", env!("CARGO_PKG_VERSION")).into(),
        rig: profile.rig.name.clone(),
        vantage: hostname(),
        checks: profile.checks.clone(),
        profile: profile.digest(),
        started: engine::wall_now(),
        remark,
        gate: profile.gate,
        waivers: profile.waivers.clone(),
        sources: profile.rig.sources.clone(),
        cases_known: profile.cases_known,
        changed: profile.changed.clone(),
        unmeasured: profile.unmeasured(),
    }
}

/// Keeps the events of a run for the report.
#[derive(Default)]
pub struct Collected(Mutex<Vec<Stamped>>);

impl Collected {
    /// All that was said.
    pub fn events(&self) -> Vec<Stamped> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sink for Collected {
    fn on(&self, event: &Stamped) {
        if !matches!(event.event, crate::model::event::Event::StepMoved { .. }) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        }
    }
}

/// The first Ctrl-C or SIGTERM ends the run with a partial report, the second one ends the process.
#[allow(clippy::disallowed_methods, reason = "waits beside the run for a signal")]
pub fn listen_for_the_end(cancel: CancellationToken) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        if told_to_end().await.is_ok() {
            eprintln!("interrupted: ending with what there is (Ctrl-C again to stop at once)");
            cancel.cancel();
        }
        if told_to_end().await.is_ok() {
            std::process::exit(130);
        }
    })
}

/// Waits for Ctrl-C, or for SIGTERM, by which schedulers end a job.
pub async fn told_to_end() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended,
        _ = terminate.recv() => Ok(()),
    }
}

/// This host's name as the kernel tells it.
#[allow(clippy::disallowed_methods, reason = "names the vantage point")]
fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map_or_else(|_| "unknown".into(), |n| n.trim().to_owned())
}
