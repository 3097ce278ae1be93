//! Which runs go: the oldest beyond a count, a size or an age; never the newest, never one that is cited.
#![allow(clippy::disallowed_methods, reason = "the store owns the run's files")]

use super::{
    Shelf, StoreError, bytes_of,
    cited::Cited,
    io_error,
    shelf::{id_of, made},
};
use crate::model::units::Wall;
use std::{fs, path::PathBuf};

/// How much is kept. Runs that are cited stay, and count neither as runs nor as bytes.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Runs.
    pub runs: usize,
    /// Bytes.
    pub bytes: u64,
    /// Those that began at this time or later.
    pub since: Option<Wall>,
}

impl Default for Kept {
    fn default() -> Self {
        Kept { runs: 50, bytes: 1 << 30, since: None }
    }
}

impl Kept {
    /// Everything.
    pub const ALL: Kept = Kept { runs: usize::MAX, bytes: u64::MAX, since: None };
}

/// A run that goes, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Doomed {
    /// Its folder.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Beyond which limit it lies.
    pub why: &'static str,
}

impl Shelf {
    /// What would go, the newest first.
    pub fn doomed(&self, kept: Kept) -> Result<Vec<Doomed>, StoreError> {
        let cited = Cited::read(self.root())?;
        let (mut runs, mut bytes, mut doomed) = (0, 0_u64, vec![]);
        for (at, path) in self.list()?.into_iter().enumerate() {
            let id = id_of(&path);
            if cited.names(&id) {
                continue;
            }
            let size = bytes_of(&path);
            (runs, bytes) = (runs + 1, bytes.saturating_add(size));
            let why = match kept.since {
                Some(since) if made(&id).is_some_and(|b| b < since) => "older than is kept",
                _ if runs > kept.runs => "more runs than are kept",
                _ if bytes > kept.bytes => "more bytes than are kept",
                _ => continue,
            };
            if at > 0 {
                doomed.push(Doomed { path, bytes: size, why });
            }
        }
        Ok(doomed)
    }
    /// Is a run cited, so that it stays?
    pub fn cites(&self, id: &str) -> Result<bool, StoreError> {
        Ok(Cited::read(self.root())?.names(id))
    }
    /// Removes what would go. Returns how many went.
    pub fn prune(&self, kept: Kept) -> Result<usize, StoreError> {
        let doomed = self.doomed(kept)?;
        for run in &doomed {
            fs::remove_dir_all(&run.path).map_err(io_error("removing", &run.path))?;
        }
        Ok(doomed.len())
    }
}
