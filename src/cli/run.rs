//! What `audit` and `demo` share: a loaded spec in, a recorded and reported run out.

use super::{
    against::Against,
    earlier, environments,
    exit::{self, Ending},
    hold::{Wait, hold},
    live::Live,
    outputs::Outputs,
    progress::Progress,
    recordings,
};
use crate::{
    engine::{self, Job, Journal},
    model::{
        event::{Header, Recorder, Sink, Stamped},
        name::{Name, name},
    },
    report::Report,
    sources::{self, noise::Watching},
    spec::Loaded,
    store::{self, Kept, Shelf, StoreError},
};
use anyhow::Context;
use std::{
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
    /// What is done, as others are told who have to wait for it.
    pub command: &'static str,
    /// For how long another run on this rig is waited for.
    pub wait: Wait,
    /// A sentence about something special.
    pub remark: Option<String>,
    /// Where reports go.
    pub outputs: Outputs,
    /// What decides how it ends.
    pub ending: Ending,
    /// The run that it is compared with.
    pub against: Option<Against>,
    /// Put each rule to the proof on this rig.
    pub prove: bool,
}

/// What a run waits for is said each 15 s: it hardly ever waits so long, but where scrapes are rare.
const SELDOM: u64 = 15;

/// Runs, records, reports.
pub async fn run(loaded: Loaded, mut how: How<'_>) -> anyhow::Result<ExitCode> {
    if !loaded.warnings.is_empty() {
        eprintln!("{}", loaded.warnings);
    }
    let shelf = Shelf::of(how.folder);
    let mut others = environments::reference(&loaded)?;
    recordings::reference(&loaded, &mut others)?;
    others.extend(earlier::earlier(&shelf, &loaded));
    let held = hold(Some(&shelf), how.command, how.folder, &loaded.profile.rig, how.wait).await.map_err(begun)?;
    let Some(alone) = held else { return Ok(exit::interrupted()) };
    let id = name(ulid::Ulid::new().to_string());
    let writer = Arc::new(shelf.begin_held(&id, &loaded.profile, alone).context("recording the run")?);
    how.outputs.recorded_in(writer.path().display().to_string());
    let collected = Arc::new(Collected::default());
    let progress = Arc::new(Progress::new());
    let watching = watching(&progress);
    let sinks: Vec<Arc<dyn Sink>> = vec![Arc::clone(&writer) as _, Arc::clone(&collected) as _, Arc::clone(&progress) as _];
    let journal = Journal::new(sinks, loaded.settings.redactor.clone());
    let cancel = CancellationToken::new();
    let listening = listen_for_the_end(cancel.clone());
    let job = Job {
        header: Header { prove: how.prove, ..header(&id, &loaded, how.remark.take()) },
        sources: sources::build_watched(&loaded.profile.rig, &loaded.settings, Some(watching)),
        profile: loaded.profile,
        cases: loaded.cases,
        others,
        blobs: writer.blobs(),
        recorder: Arc::clone(&writer) as Arc<dyn Recorder>,
        cancel,
        patience: engine::PATIENCE,
    };
    let ran = tokio::select! {
        ran = engine::run(&job, &journal) => ran,
        never = progress.keep_saying(SELDOM, || job.longest_wait()) => match never {},
    };
    listening.abort();
    ran?;
    // What was found is told first: neither a full disk nor an old run that cannot be removed may keep it back.
    let recorded = writer.finish();
    let mut report = Report::of(&collected.events());
    if let Some(against) = &how.against {
        against.put_into(&mut report);
    }
    how.outputs.write(&report)?;
    recorded?;
    if let Err(error) = shelf.prune(Kept::default()) {
        eprintln!("note: old runs are kept: {error}");
    }
    Ok(exit::of(&report, how.ending))
}

/// Shows a quiet window while it lasts.
fn watching(progress: &Arc<Progress>) -> Watching {
    let (live, progress) = (Live::default(), Arc::clone(progress));
    Arc::new(move |second, who| progress.beside(|lines| live.second(second, who, lines)))
}

/// Another run that goes on is no trouble with recording this one.
fn begun(why: anyhow::Error) -> anyhow::Error {
    match why.downcast_ref::<StoreError>() {
        Some(StoreError::Io { .. }) => why.context("recording the run"),
        _ => why,
    }
}

/// How a run is described.
pub fn header(id: &Name, loaded: &Loaded, remark: Option<String>) -> Header {
    let profile = &loaded.profile;
    Header {
        run: id.clone(),
        format: store::FORMAT,
        tool: store::THIS.into(),
        rig: profile.rig.name.clone(),
        vantage: hostname(),
        checks: profile.checks.clone(),
        profile: profile.digest(),
        started: engine::wall_now(),
        remark,
        set: loaded.set.clone(),
        lacks: vec![],
        gate: profile.gate,
        waivers: profile.waivers.clone(),
        sources: profile.rig.sources.clone(),
        cases_known: profile.cases_known,
        changed: profile.changed.clone(),
        unmeasured: profile.unmeasured(),
        prove: false,
        anchors: loaded.anchors.clone(),
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
            std::process::exit(exit::INTERRUPTED.into());
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
pub fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map_or_else(|_| "unknown".into(), |n| n.trim().to_owned())
}
