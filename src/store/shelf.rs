//! The folder of all runs of a project: `.rigcheck/runs/`, private, ignored by git, pruned by count and size.
#![allow(clippy::disallowed_methods, reason = "the store owns the run's files")]

use super::{FEW, StoreError, Writer, io_error};
use crate::{model::name::Name, spec::profile::Profile};
use std::{
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Runs.
    pub runs: usize,
    /// Bytes.
    pub bytes: u64,
}

impl Default for Kept {
    fn default() -> Self {
        Kept { runs: 50, bytes: 1 << 30 }
    }
}

/// All runs below one `.rigcheck` folder.
pub struct Shelf {
    root: PathBuf,
}

impl Shelf {
    /// The shelf in `folder/.rigcheck`. Nothing is made yet.
    pub fn of(folder: &Path) -> Shelf {
        Shelf { root: folder.join(".rigcheck") }
    }
    fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }
    /// Begins a run; makes the folders, readable by their owner only.
    pub fn begin(&self, id: &Name, profile: &Profile) -> Result<Writer, StoreError> {
        let runs = self.runs();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&runs).map_err(io_error("making", &runs))?;
        let ignore = self.root.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(io_error("writing", &ignore))?;
        }
        let alone = self.alone()?;
        Ok(Writer::create(&runs.join(format!("{id}.rig")), profile)?.holding(alone))
    }
    /// Two runs of one project act on the same rig: each would see the other's requests as strangers', and together they
    /// would send more than is allowed. The lock ends with the process, however it ends.
    fn alone(&self) -> Result<fs::File, StoreError> {
        let at = self.root.join("lock");
        let file = fs::File::options().create(true).truncate(false).write(true).open(&at).map_err(io_error("opening", &at))?;
        match file.try_lock() {
            Err(fs::TryLockError::WouldBlock) => Err(StoreError::Busy { root: self.root.clone() }),
            // Some network file systems have no locks; that is no reason to do nothing.
            Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(file),
        }
    }
    /// The newest first.
    pub fn list(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.runs()).into_iter().flatten().flatten().map(|e| e.path());
        let mut runs: Vec<_> = entries.filter(|p| p.extension().is_some_and(|e| e == "rig") && p.is_dir()).collect();
        runs.sort();
        runs.reverse();
        runs
    }
    /// A run by path, by id, by the start of an id, or `latest`.
    pub fn find(&self, wanted: &str) -> Result<PathBuf, StoreError> {
        let path = Path::new(wanted);
        if path.join("profile.json").exists() {
            return Ok(path.to_owned());
        }
        let runs = self.list();
        let stem = |p: &PathBuf| p.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let wanted_id = wanted.trim_end_matches(".rig");
        let found: Vec<_> = runs.iter().filter(|p| wanted == "latest" || (!wanted_id.is_empty() && stem(p).starts_with(wanted_id))).collect();
        match found.as_slice() {
            [first, ..] if wanted == "latest" || found.len() == 1 => Ok((*first).clone()),
            [_, _, ..] => Err(StoreError::Ambiguous { wanted: wanted.into(), fits: found.into_iter().map(stem).collect() }),
            _ if path.exists() || wanted.contains('/') => Err(StoreError::NotARun { path: path.to_owned(), there: path.exists() }),
            _ => Err(StoreError::NoRun { wanted: wanted.into(), root: self.runs(), has: runs.iter().take(FEW).map(stem).collect() }),
        }
    }
    /// Removes the oldest runs beyond what is kept; never the newest. Returns how many went.
    pub fn prune(&self, kept: Kept) -> Result<usize, StoreError> {
        let (mut bytes, mut gone) = (0, 0);
        for (at, run) in self.list().into_iter().enumerate() {
            bytes += size(&run);
            if at > 0 && (at >= kept.runs || bytes > kept.bytes) {
                fs::remove_dir_all(&run).map_err(io_error("removing", &run))?;
                gone += 1;
            }
        }
        Ok(gone)
    }
}

fn size(path: &Path) -> u64 {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|e| if e.path().is_dir() { size(&e.path()) } else { e.metadata().map_or(0, |m| m.len()) }).sum()
}
