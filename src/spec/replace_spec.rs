//! Replaces the text of a spec: all of it or nothing, with the permissions that it has.
#![allow(clippy::disallowed_methods, reason = "writes the spec")]

use super::bounded_file;
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{MetadataExt, chown},
    path::Path,
};

/// Replaces the text of the file, if it still is `was`. A link stays one: what it leads to is replaced.
pub fn replace(path: &Path, was: &str, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let there = fs::metadata(&path)?;
    let mut file = tempfile::Builder::new().prefix(".rigcheck-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    let made = file.as_file().metadata()?;
    if (made.uid(), made.gid()) != (there.uid(), there.gid()) {
        chown(file.path(), Some(there.uid()), Some(there.gid()))?;
    }
    fs::set_permissions(file.path(), there.permissions())?;
    file.as_file().sync_all()?;
    if bounded_file::yaml(&path).map_err(io::Error::other)? != was {
        return Err(io::Error::other("it was changed meanwhile"));
    }
    file.persist(&path).map(drop).map_err(|e| e.error)
}
