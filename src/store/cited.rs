//! Runs that something cites: they stay, however old they are.
#![allow(clippy::disallowed_methods, reason = "the store owns the run's files")]

use super::{StoreError, io_error};
use std::{
    fs,
    io::{self, Read},
    path::Path,
};

/// The texts that may cite runs: `.rigcheck/keep` (an id a line, `#` begins a remark), and all below `baselines/`, in
/// `.rigcheck` or beside it.
pub(super) struct Cited(Vec<String>);

/// A text that cites runs is short; of a longer one this much is looked at.
const MAX: u64 = 4 << 20;
/// Folders in folders.
const DEEP: usize = 8;

impl Cited {
    /// Reads them. One that is there and cannot be read is an error: what it cites must not be lost.
    pub(super) fn read(root: &Path) -> Result<Cited, StoreError> {
        let mut texts = vec![];
        for remark_or_id in text(&root.join("keep"))?.lines() {
            texts.push(remark_or_id.split('#').next().unwrap_or_default().to_owned());
        }
        let beside = root.parent().unwrap_or(Path::new("."));
        for folder in [root.join("baselines"), beside.join("baselines")] {
            below(&folder, DEEP, &mut texts)?;
        }
        Ok(Cited(texts))
    }
    /// Is a run cited?
    pub(super) fn names(&self, id: &str) -> bool {
        self.0.iter().any(|text| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == id))
    }
}

fn below(path: &Path, deep: usize, texts: &mut Vec<String>) -> Result<(), StoreError> {
    let Ok(kind) = path.symlink_metadata() else { return Ok(()) };
    if kind.is_file() {
        texts.push(path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default());
        texts.push(text(path)?);
    } else if kind.is_dir() && deep > 0 {
        let mut entries: Vec<_> = fs::read_dir(path)
            .and_then(Iterator::collect::<io::Result<Vec<_>>>)
            .map_err(io_error("reading", path))?
            .iter()
            .map(fs::DirEntry::path)
            .collect();
        entries.sort();
        for entry in entries {
            below(&entry, deep - 1, texts)?;
        }
    }
    Ok(())
}

fn text(path: &Path) -> Result<String, StoreError> {
    let mut bytes = vec![];
    match fs::File::open(path).and_then(|f| f.take(MAX).read_to_end(&mut bytes)) {
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(io_error("reading", path)(error)),
    }
}
