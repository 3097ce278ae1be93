//! Writes one run while it happens.
#![allow(clippy::disallowed_methods, reason = "the store owns the run's files")]

use super::{Alone, Folder, StoreError, io_error};
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
    _alone: Option<Alone>,
}

struct Line {
    at: PathBuf,
    to: BufWriter<File>,
    /// What went wrong and was not told yet.
    failed: Option<io::Error>,
}

impl Writer {
    /// Begins a run in `path`, which must not exist. Where it cannot be written, or hardly, that is said now, before anything
    /// is sent, and nothing is left behind.
    pub fn create(path: &Path, profile: &Profile) -> Result<Writer, StoreError> {
        fs::create_dir(path).map_err(io_error("making", path))?;
        let begun = Writer::begin(path, profile);
        if begun.is_err() {
            drop(fs::remove_dir_all(path)); // the first error is the one that matters
        }
        begun
    }
    fn begin(path: &Path, profile: &Profile) -> Result<Writer, StoreError> {
        room(&path.join("room"))?;
        let file = |name: &str| {
            let at = path.join(name);
            File::create(&at).map_err(io_error("creating", at))
        };
        let line = |name: &str| Ok(Mutex::new(Line { at: path.join(name), to: BufWriter::new(file(name)?), failed: None }));
        let text = serde_json::to_vec_pretty(profile).map_err(|e| io_error("writing", path.join("profile.json"))(e.into()))?;
        file("profile.json")?.write_all(&text).map_err(io_error("writing", path.join("profile.json")))?;
        let events = line("events.jsonl")?;
        // Who reads the run meanwhile is told that it goes on. Some network file systems have no locks: there it looks cut short.
        drop(events.lock().unwrap_or_else(PoisonError::into_inner).to.get_ref().lock());
        Ok(Writer {
            events,
            evidence: line("evidence.jsonl")?,
            blobs: Arc::new(Folder::new(path.join("blobs"))),
            path: path.to_owned(),
            _alone: None,
        })
    }
    /// Keeps locks until the run is over.
    #[must_use]
    pub fn holding(self, alone: Alone) -> Writer {
        Writer { _alone: Some(alone), ..self }
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
            flushed.map_err(io_error("writing", &line.at))?;
        }
        drop(self.events.lock().unwrap_or_else(PoisonError::into_inner).to.get_ref().unlock());
        Ok(())
    }
    fn append(line: &Mutex<Line>, value: &impl serde::Serialize) -> io::Result<()> {
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_writer(&mut line.to, value)?;
        line.to.write_all(b"\n")?;
        line.to.flush()
    }
    /// The error with its file and what to do, as whoever records passes it on.
    fn failed(line: &Mutex<Line>, error: io::Error) -> io::Error {
        let at = line.lock().unwrap_or_else(PoisonError::into_inner).at.clone();
        io::Error::new(error.kind(), io_error("writing", at)(error))
    }
}

/// Room that a run should have before anything is sent: that of a few hundred requests is about 2 MB.
const ROOM: usize = 4 << 20;

/// Is there room for a run? Asked by writing, because what is free is not always for us (quota, reserved blocks).
fn room(at: &Path) -> Result<(), StoreError> {
    let chunk = vec![0; 1 << 16];
    let mut file = File::create(at).map_err(io_error("creating", at))?;
    (0..ROOM / chunk.len()).try_for_each(|_| file.write_all(&chunk)).map_err(io_error("writing", at))?;
    fs::remove_file(at).map_err(io_error("removing", at))
}

impl Recorder for Writer {
    fn keep(&self, fact: &Fact) -> io::Result<()> {
        // Events cannot report errors at once: the next fact does.
        if let Some(error) = self.events.lock().unwrap_or_else(PoisonError::into_inner).failed.take() {
            return Err(Writer::failed(&self.events, error));
        }
        Writer::append(&self.evidence, fact).map_err(|error| Writer::failed(&self.evidence, error))
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
