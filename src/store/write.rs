//! Writes one run while it happens.
#![allow(clippy::disallowed_methods, reason = "the store owns the run's files")]

use super::{Folder, StoreError, io_error};
use crate::{
    model::{
        event::{Event, Recorder, Sink, Stamped},
        evidence::Fact,
        rows::Blobs,
    },
    spec::profile::Profile,
};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The open files of a run.
pub struct Writer {
    path: PathBuf,
    blobs: Arc<dyn Blobs>,
    events: Mutex<Line>,
    evidence: Mutex<Line>,
    /// Held as long as the run goes on.
    _alone: Option<File>,
}

struct Line {
    to: BufWriter<File>,
    /// The first thing that went wrong; events cannot report errors at once, the next fact does.
    failed: Option<io::Error>,
}

impl Writer {
    /// Begins a run in `path`, which must not exist.
    pub fn create(path: &Path, profile: &Profile) -> Result<Writer, StoreError> {
        fs::create_dir(path).map_err(io_error("making", path))?;
        let file = |name: &str| {
            let at = path.join(name);
            File::create(&at).map_err(io_error("creating", at))
        };
        let line = |file| Mutex::new(Line { to: BufWriter::new(file), failed: None });
        let text = serde_json::to_vec_pretty(profile).map_err(|e| io_error("writing", path.join("profile.json"))(e.into()))?;
        file("profile.json")?.write_all(&text).map_err(io_error("writing", path.join("profile.json")))?;
        Ok(Writer {
            events: line(file("events.jsonl")?),
            evidence: line(file("evidence.jsonl")?),
            blobs: Arc::new(Folder::new(path.join("blobs"))),
            path: path.to_owned(),
            _alone: None,
        })
    }
    /// Keeps a lock until the run is over.
    #[must_use]
    pub fn holding(self, lock: File) -> Writer {
        Writer { _alone: Some(lock), ..self }
    }
    /// Where many rows go.
    pub fn blobs(&self) -> Arc<dyn Blobs> {
        Arc::clone(&self.blobs)
    }
    /// The run's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// Everything is on disk, or why not.
    pub fn finish(&self) -> Result<(), StoreError> {
        for line in [&self.events, &self.evidence] {
            let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
            let flushed = line.failed.take().map_or_else(|| line.to.flush(), Err);
            flushed.map_err(io_error("writing", &self.path))?;
        }
        Ok(())
    }
    fn append(line: &Mutex<Line>, value: &impl serde::Serialize) -> io::Result<()> {
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = line.failed.take() {
            return Err(error);
        }
        serde_json::to_writer(&mut line.to, value)?;
        line.to.write_all(b"\n")?;
        line.to.flush()
    }
}

impl Recorder for Writer {
    fn keep(&self, fact: &Fact) -> io::Result<()> {
        Writer::append(&self.evidence, fact)
    }
}

impl Sink for Writer {
    fn on(&self, event: &Stamped) {
        // Progress is for eyes; it would be most of the file.
        if matches!(event.event, Event::StepMoved { .. }) {
            return;
        }
        if let Err(error) = Writer::append(&self.events, event) {
            self.events.lock().unwrap_or_else(PoisonError::into_inner).failed = Some(error);
        }
    }
}
