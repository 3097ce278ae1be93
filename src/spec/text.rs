//! The text of a file of a spec, within bounds: neither a device nor a huge file may fill the memory.
#![allow(clippy::disallowed_methods, reason = "reads the files of a spec")]

use super::{
    discover::own_uid,
    yaml::{MAX_BYTES, not_utf8},
};
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Reads a whole file; why not, in words that follow its name and a colon.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let failed = |e: io::Error| format!("cannot read the spec: {e}");
    if path.is_dir() {
        return Err("is a folder; name the file in it".into());
    }
    let mut bytes = vec![];
    File::open(path).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() > MAX_BYTES {
        return Err("is larger than 1 MiB; a spec is a few hundred lines".into());
    }
    String::from_utf8(bytes).map_err(|e| not_utf8(e.as_bytes()).unwrap_or_default())
}

/// Where a file really is, without links and `..`.
pub(super) fn real(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// Is it a file, not a folder, pipe or device, which could block or never end?
pub(super) fn is_plain(path: &Path) -> bool {
    path.is_file()
}

/// The owner of a file, if that is neither this process' user nor root nor the owner of the spec that was named.
#[cfg(unix)]
pub(super) fn stranger(path: &Path, named: Option<&Path>) -> io::Result<Option<(u32, u32)>> {
    use std::os::unix::fs::MetadataExt;
    let you = own_uid()?;
    let trusted = named.map(|n| n.metadata().map(|m| m.uid())).transpose()?;
    // The link itself and what it leads to: either could be somebody else's.
    let owners = [path.symlink_metadata()?.uid(), path.metadata()?.uid()];
    Ok(owners.into_iter().find(|owner| *owner != you && *owner != 0 && Some(*owner) != trusted).map(|owner| (owner, you)))
}

/// Owners are told apart on Unix only.
#[cfg(not(unix))]
pub(super) fn stranger(_: &Path, _: Option<&Path>) -> io::Result<Option<(u32, u32)>> {
    Ok(None)
}
