//! The folder of all runs of a project: `.rigcheck/runs/`, private, ignored by git, pruned by count and size.
#![allow(clippy::disallowed_methods, reason = "the store owns the run's files")]

use super::{Alone, FEW, Holder, StoreError, Writer, io_error, read::started, recording};
use crate::{
    model::{name::Name, units::Wall},
    spec::profile::Profile,
};
use std::{
    fs::{self, DirEntry},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// All runs below one `.rigcheck` folder.
pub struct Shelf {
    root: PathBuf,
}

impl Shelf {
    /// The shelf in `folder/.rigcheck`. Nothing is made yet.
    pub fn of(folder: &Path) -> Shelf {
        Shelf { root: folder.join(".rigcheck") }
    }
    /// The `.rigcheck` folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
    /// Where the runs lie.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }
    /// Makes the folders, readable by their owner only.
    pub(super) fn make(&self) -> Result<PathBuf, StoreError> {
        let runs = self.runs();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&runs).map_err(io_error("making", &runs))?;
        let ignore = self.root.join(".gitignore");
        // Only where nothing is, not even a link that leads nowhere.
        match fs::File::create_new(&ignore).and_then(|mut file| file.write_all(b"*\n")) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(io_error("writing", &ignore)(error)),
            _ => Ok(runs),
        }
    }
    /// Two runs of one project act on the same rig: each would see the other's requests as strangers', and together they
    /// would send more than is allowed. `target` is the folder that users of this host share, and the target's origin: two
    /// projects may have one target.
    pub fn hold(&self, who: &Holder, target: Option<(&Path, &str)>) -> Result<Alone, StoreError> {
        self.make()?;
        let mut alone = Alone::default();
        alone.of_project(&self.root, who)?;
        if let Some((shared, origin)) = target {
            alone.of_target(shared, origin, who)?;
        }
        Ok(alone)
    }
    /// Begins a run under locks that are held; they end with the writer.
    pub fn begin_held(&self, id: &Name, profile: &Profile, alone: Alone) -> Result<Writer, StoreError> {
        Ok(Writer::create(&self.make()?.join(format!("{id}.rig")), profile)?.holding(alone))
    }
    /// Begins a run under the project's lock.
    pub fn begin(&self, id: &Name, profile: &Profile) -> Result<Writer, StoreError> {
        let alone = self.hold(&Holder::us("rigcheck", "this host", &self.root, Wall::default()), None)?;
        self.begin_held(id, profile, alone)
    }
    /// The newest first, as they say when they began; one that was imported has its place among them. None where nothing was
    /// recorded yet. What is there and cannot be read is an error: it is not nothing.
    pub fn list(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut runs = vec![];
        for path in entries(&self.runs())?.iter().map(DirEntry::path).filter(|p| p.extension().is_some_and(|e| e == "rig")) {
            match path.metadata() {
                Ok(_) if is_run(&path) => runs.push(path),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error("reading", path)(error)),
                _ => {}
            }
        }
        runs.sort_by_cached_key(|p| std::cmp::Reverse((began(p), id_of(p))));
        Ok(runs)
    }
    /// A run that has ended, by path, by id, by the start of an id, or `latest`: the newest that does not go on any more.
    pub fn find(&self, wanted: &str) -> Result<PathBuf, StoreError> {
        let run = self.find_any(wanted)?;
        match recording(&run) {
            Some(holder) => Err(StoreError::GoesOn { id: id_of(&run), holder }),
            None => Ok(run),
        }
    }
    fn find_any(&self, wanted: &str) -> Result<PathBuf, StoreError> {
        let path = Path::new(wanted);
        match path.join("profile.json").try_exists() {
            Ok(true) => return Ok(path.to_owned()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(io_error("reading", path)(error)),
            _ => {}
        }
        let runs = self.list()?;
        // Where none has ended, who goes on is said.
        if let Some(newest) = runs.first().filter(|_| wanted == "latest") {
            // One that was killed counts: an older verdict must not stand in its place.
            return Ok(runs.iter().find(|run| recording(run).is_none()).unwrap_or(newest).clone());
        }
        let wanted_id = wanted.trim_end_matches(".rig");
        let found: Vec<_> = runs.iter().filter(|p| !wanted_id.is_empty() && id_of(p).starts_with(wanted_id)).collect();
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [_, _, ..] => Err(StoreError::Ambiguous { wanted: wanted.into(), fits: found.into_iter().map(|p| id_of(p)).collect() }),
            _ if path.exists() || wanted.contains('/') => Err(StoreError::NotARun { path: path.to_owned(), there: path.exists() }),
            _ => Err(StoreError::NoRun { wanted: wanted.into(), root: self.runs(), has: runs.iter().take(FEW).map(|p| id_of(p)).collect() }),
        }
    }
}

/// What is in a folder; nothing where there is no folder.
pub(super) fn entries(folder: &Path) -> Result<Vec<DirEntry>, StoreError> {
    match fs::read_dir(folder).and_then(Iterator::collect) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(vec![]),
        read => read.map_err(io_error("reading", folder)),
    }
}

/// Is it a folder that we made, or that an exported run became? Whatever else lies there is left alone.
fn is_run(path: &Path) -> bool {
    let ours = || path.join("profile.json").is_file() || path.join("events.jsonl").is_file();
    path.extension().is_some_and(|e| e == "rig") && is_id(&id_of(path)) && ours()
}

/// Is it the id of a run? Ids are ULIDs.
pub(super) fn is_id(text: &str) -> bool {
    ulid::Ulid::from_string(text).is_ok()
}

/// When a run began: as it says itself, else as its id tells, the first part of which is the time.
fn began(run: &Path) -> Option<Wall> {
    started(run).or_else(|| made(&id_of(run)))
}

/// When an id was made.
pub(super) fn made(id: &str) -> Option<Wall> {
    let ms = ulid::Ulid::from_string(id).ok()?.timestamp_ms();
    i64::try_from(ms).ok()?.checked_mul(1000).map(Wall)
}

/// The id of the run in a folder: its name without the end.
pub fn id_of(run: &Path) -> String {
    run.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Size of a file, or of all below a folder, as far as it can be read; links are not followed.
pub fn bytes_of(path: &Path) -> u64 {
    match path.symlink_metadata() {
        Ok(m) if m.is_dir() => fs::read_dir(path).into_iter().flatten().flatten().map(|e| bytes_of(&e.path())).sum(),
        Ok(m) => m.len(),
        Err(_) => 0,
    }
}
