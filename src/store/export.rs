//! A run as one compressed file: the same run is the same bytes.
#![allow(clippy::disallowed_methods, reason = "the store owns the run's files")]

use super::{
    StoreError, io_error, open,
    shelf::{entries, id_of},
};
use flate2::{Compression, GzBuilder};
use std::{
    fs::{DirEntry, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The files of a run beside its blobs, in the order in which they are packed.
pub const FILES: [&str; 3] = ["profile.json", "events.jsonl", "evidence.jsonl"];

/// Writes the run in `run` as a gzipped tar: `ID.rig/profile.json`, …, `ID.rig/blobs/DIGEST`, without times and owners. A run
/// that cannot be judged is not exported: whoever gets it could not import it.
pub fn export<W: Write>(run: &Path, to: W) -> Result<W, StoreError> {
    open(run)?;
    let folder = PathBuf::from(format!("{}.rig", id_of(run)));
    let mut blobs: Vec<_> = entries(&run.join("blobs"))?.iter().map(DirEntry::file_name).collect();
    blobs.retain(|name| is_digest(&name.to_string_lossy()));
    blobs.sort();
    let names = FILES.iter().map(PathBuf::from).chain(blobs.iter().map(|b| Path::new("blobs").join(b)));
    let mut tar = tar::Builder::new(GzBuilder::new().mtime(0).write(to, Compression::default()));
    for name in names {
        let at = run.join(&name);
        append(&mut tar, &at, &folder.join(&name)).map_err(io_error("packing", &at))?;
    }
    tar.into_inner().and_then(flate2::write::GzEncoder::finish).map_err(io_error("packing", run))
}

/// The same into a file of its own, readable by its owner only; all of it or nothing, and never over another file.
pub fn export_to(run: &Path, file: &Path) -> Result<(), StoreError> {
    let there = || StoreError::There { path: file.to_owned(), todo: "name another file, or remove that one" };
    if file.symlink_metadata().is_ok() {
        return Err(there());
    }
    let folder = file.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let partial = tempfile::NamedTempFile::new_in(folder).map_err(io_error("making a file in", folder))?;
    let mut out = export(run, io::BufWriter::new(partial))?;
    out.flush().map_err(io_error("writing", file))?;
    let partial = out.into_inner().map_err(|e| io_error("writing", file)(e.into_error()))?;
    partial.persist_noclobber(file).map(drop).map_err(|e| match e.error.kind() {
        io::ErrorKind::AlreadyExists => there(),
        _ => io_error("writing", file)(e.error),
    })
}

/// Is it the name of a blob?
pub(super) fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn append(tar: &mut tar::Builder<impl Write>, at: &Path, name: &Path) -> io::Result<()> {
    let mut file = File::open(at)?;
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(file.metadata()?.len());
    header.set_mode(0o600);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    tar.append(&header, &mut file)
}
