//! Accepted environments: `baselines/NAME/` holds the snapshot and, one fact a line, what people review. The text is rebuilt
//! from the snapshot and compared, so that nobody reviews another one than is used.
#![allow(clippy::disallowed_methods, reason = "the store reads and writes baselines")]

use super::{StoreError, io_error, snapshot};
use crate::{
    model::{evidence::Evidence, name::Name},
    report::facts,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The snapshot.
const SNAPSHOT: &str = "evidence.jsonl";
/// The same for people.
const FACTS: &str = "facts.txt";

/// Is there a baseline in this folder?
pub fn is(folder: &Path) -> bool {
    folder.join(SNAPSHOT).is_file()
}

/// Reads the baseline in a folder.
pub fn open(folder: &Path) -> Result<Evidence, StoreError> {
    let evidence = snapshot::read(&folder.join(SNAPSHOT))?;
    let path = folder.join(FACTS);
    if !path.is_file() {
        let why = "there is no such regular file, which is what people reviewed; accept the environment again".into();
        return Err(StoreError::NoSnapshot { path, line: 1, why });
    }
    let reviewed = fs::read_to_string(&path).map_err(io_error("reading", &path))?;
    let text = facts::listed(&evidence, None);
    if reviewed != text {
        let line = reviewed.lines().zip(text.lines()).take_while(|(a, b)| a == b).count() + 1;
        let why = format!(
            "it is not what {SNAPSHOT} beside it says: one of the two was edited, or another release wrote them; accept the environment again"
        );
        return Err(StoreError::NoSnapshot { path, line, why });
    }
    Ok(evidence)
}

/// Writes a baseline; what is there is replaced.
pub fn write(folder: &Path, evidence: &Evidence) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(io_error("making", folder))?;
    let text = snapshot::text(evidence).map_err(|e| io_error("writing", folder)(e.into()))?;
    for (file, text) in [(SNAPSHOT, text), (FACTS, facts::listed(evidence, None))] {
        let (path, new) = (folder.join(file), folder.join(format!(".{file}.new")));
        fs::write(&new, text).map_err(io_error("writing", &new))?;
        fs::rename(&new, &path).map_err(io_error("writing", &path))?;
    }
    Ok(())
}

/// The baselines below a folder, by name.
pub fn list(folder: &Path) -> Result<Vec<(Name, PathBuf)>, StoreError> {
    let mut found: Vec<(Name, PathBuf)> = super::shelf::entries(folder)?
        .iter()
        .map(fs::DirEntry::path)
        .filter(|path| is(path))
        .filter_map(|path| Some((Name(path.file_name()?.to_str()?.to_owned()), path)))
        .collect();
    found.sort();
    Ok(found)
}
