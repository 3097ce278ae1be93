//! Accepted environments: `baselines/NAME/` holds the snapshot of the configuration (`evidence.jsonl`), the record of its ways to
//! endpoints (`network.jsonl`), or both, and of each, beside it, what people review. That text is rebuilt and compared, so that nobody
//! reviews another one than is used.
#![allow(clippy::disallowed_methods, reason = "the store reads and writes baselines")]

use super::{StoreError, io_error, snapshot};
use crate::{
    model::{evidence::Evidence, name::Name},
    report::{facts, ways},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The snapshot.
const SNAPSHOT: &str = "evidence.jsonl";
/// The same for people.
const FACTS: &str = "facts.txt";

/// What is kept of an environment, each accepted by itself: a file of evidence, and the same for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Its configuration.
    Configuration,
    /// The ways from it to endpoints.
    Network,
}

impl Of {
    fn files(self) -> (&'static str, &'static str) {
        match self {
            Of::Configuration => (SNAPSHOT, FACTS),
            Of::Network => ("network.jsonl", "network.txt"),
        }
    }
    /// What people read of it.
    pub fn text(self, evidence: &Evidence) -> String {
        match self {
            Of::Configuration => facts::listed(evidence, None),
            Of::Network => ways::listed(evidence),
        }
    }
    /// Is there one in this folder?
    pub fn is(self, folder: &Path) -> bool {
        folder.join(self.files().0).is_file()
    }
    /// Reads the one in a folder.
    pub fn open(self, folder: &Path) -> Result<Evidence, StoreError> {
        let (snapshot, text) = self.files();
        let evidence = snapshot::read(&folder.join(snapshot))?;
        let path = folder.join(text);
        if !path.is_file() {
            let why = "there is no such regular file, which is what people reviewed; accept the environment again".into();
            return Err(StoreError::NoSnapshot { path, line: 1, why });
        }
        let reviewed = fs::read_to_string(&path).map_err(io_error("reading", &path))?;
        let text = self.text(&evidence);
        if reviewed != text {
            let line = reviewed.lines().zip(text.lines()).take_while(|(a, b)| a == b).count() + 1;
            let why = format!(
                "it is not what {snapshot} beside it says: one of the two was edited, or another release wrote them; accept the environment again"
            );
            return Err(StoreError::NoSnapshot { path, line, why });
        }
        Ok(evidence)
    }
    /// Writes one; what is there is replaced.
    pub fn write(self, folder: &Path, evidence: &Evidence) -> Result<(), StoreError> {
        fs::create_dir_all(folder).map_err(io_error("making", folder))?;
        let (snapshot, reviewed) = self.files();
        let text = snapshot::text(evidence).map_err(|e| io_error("writing", folder)(e.into()))?;
        for (file, text) in [(snapshot, text), (reviewed, self.text(evidence))] {
            let (path, new) = (folder.join(file), folder.join(format!(".{file}.new")));
            fs::write(&new, text).map_err(io_error("writing", &new))?;
            fs::rename(&new, &path).map_err(io_error("writing", &path))?;
        }
        Ok(())
    }
    /// Those below a folder, by name.
    pub fn list(self, folder: &Path) -> Result<Vec<(Name, PathBuf)>, StoreError> {
        let mut found: Vec<(Name, PathBuf)> = super::shelf::entries(folder)?
            .iter()
            .map(fs::DirEntry::path)
            .filter(|path| self.is(path))
            .filter_map(|path| Some((Name(path.file_name()?.to_str()?.to_owned()), path)))
            .collect();
        found.sort();
        Ok(found)
    }
}

/// Is there an accepted configuration in this folder?
pub fn is(folder: &Path) -> bool {
    Of::Configuration.is(folder)
}

/// Reads the accepted configuration in a folder.
pub fn open(folder: &Path) -> Result<Evidence, StoreError> {
    Of::Configuration.open(folder)
}

/// Writes an accepted configuration; what is there is replaced.
pub fn write(folder: &Path, evidence: &Evidence) -> Result<(), StoreError> {
    Of::Configuration.write(folder, evidence)
}

/// The accepted configurations below a folder, by name.
pub fn list(folder: &Path) -> Result<Vec<(Name, PathBuf)>, StoreError> {
    Of::Configuration.list(folder)
}
