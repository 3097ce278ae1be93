//! Unpacks an exported run. The file may come from anybody: only what an export holds is taken, within bounds, into a folder
//! of its own, and it becomes a run only if it can be judged.
#![allow(clippy::disallowed_methods, reason = "the store owns the run's files")]

use super::{
    Recorded, Shelf, StoreError,
    export::{FILES, is_digest},
    head, io_error, open,
    shelf::is_id,
};
use flate2::read::GzDecoder;
use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// How much an exported run may unpack to.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of all files.
    pub bytes: u64,
    /// Files.
    pub files: usize,
}

impl Default for Bounds {
    /// As much as is kept of all runs; a run has a blob for each long answer.
    fn default() -> Self {
        Bounds { bytes: 1 << 30, files: 10_000 }
    }
}

/// Imports the exported run in `file`, unless `check` says why not; gives its folder on the shelf. All of it or nothing.
pub fn import(shelf: &Shelf, file: &Path, bounds: Bounds, check: impl FnOnce(&Recorded) -> Result<(), String>) -> Result<PathBuf, StoreError> {
    let packed = File::open(file).map_err(io_error("reading", file))?;
    let runs = shelf.make()?;
    let unpacked = tempfile::Builder::new().prefix("import-").tempdir_in(&runs).map_err(io_error("making a folder in", &runs))?;
    let id = unpack(packed, unpacked.path(), bounds).map_err(|failed| match failed {
        Failed::Wrong(why) => StoreError::NotExported { path: file.to_owned(), why },
        Failed::Disk(path, error) => io_error("writing", path)(error),
    })?;
    let to = runs.join(format!("{id}.rig"));
    if to.symlink_metadata().is_ok() {
        return Err(StoreError::There { path: to, todo: "a run is never overwritten: remove that one first, if it is another" });
    }
    let named = head(unpacked.path())?.began.map(|h| h.run.to_string());
    if named.as_ref().is_some_and(|run| *run != id) {
        let why = format!("it holds run {} under the name {id}", named.unwrap_or_default());
        return Err(StoreError::NotExported { path: file.to_owned(), why });
    }
    check(&open(unpacked.path())?).map_err(|why| StoreError::NotExported { path: file.to_owned(), why })?;
    fs::rename(unpacked.path(), &to).map_err(io_error("making", &to))?;
    drop(unpacked.keep()); // it is no longer there under that name
    Ok(to)
}

/// What is read at once of a run: its profile, its events, its answers. Long answers lie in blobs, which are read row by row.
pub const MOST_TEXT: u64 = 64 << 20;

enum Failed {
    Wrong(String),
    Disk(PathBuf, io::Error),
}

/// Unpacks into a folder; gives the run's id.
fn unpack(packed: File, to: &Path, bounds: Bounds) -> Result<String, Failed> {
    let wrong = |why: &str| Failed::Wrong(why.to_owned());
    let broken = |error: io::Error| Failed::Wrong(format!("it cannot be unpacked ({error})"));
    // Headers and padding come on top: a block each.
    let most = bounds.bytes.saturating_add(1024 * (bounds.files as u64 + 20));
    let mut archive = tar::Archive::new(GzDecoder::new(packed).take(most));
    let (mut id, mut seen, mut bytes) = (None::<String>, BTreeSet::new(), 0_u64);
    // Raw: a long name or an extension would be another kind of entry, and an export has none.
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        let name = String::from_utf8(entry.path_bytes().into_owned()).map_err(|_| wrong("a name in it is not text"))?;
        let shown: String = name.chars().filter(|c| !c.is_control()).take(120).collect();
        let kind = entry.header().entry_type();
        let (run, rest) = place(&name).ok_or_else(|| Failed::Wrong(format!("`{shown}` is no file of a run")))?;
        if id.get_or_insert_with(|| run.to_owned()) != run {
            return Err(wrong("it holds files of several runs"));
        }
        if kind.is_dir() && (rest.is_empty() || rest == "blobs") {
            continue;
        }
        if !kind.is_file() || rest.is_empty() || rest == "blobs" {
            return Err(Failed::Wrong(format!("`{shown}` is not a plain file")));
        }
        if !seen.insert(rest.to_owned()) {
            return Err(Failed::Wrong(format!("`{shown}` is in it twice")));
        }
        if FILES.contains(&rest) && entry.size() > MOST_TEXT {
            return Err(Failed::Wrong(format!("`{shown}` is larger than {} MiB", MOST_TEXT >> 20)));
        }
        bytes = bytes.saturating_add(entry.size());
        if seen.len() > bounds.files || bytes > bounds.bytes {
            return Err(Failed::Wrong(format!("it unpacks to more than {} files or {} bytes", bounds.files, bounds.bytes)));
        }
        write(&mut entry, &to.join(rest))?;
    }
    // The checksum stands at the end.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken)?;
    if let Some(missing) = FILES.iter().find(|f| !seen.contains(**f)) {
        return Err(Failed::Wrong(format!("it has no {missing}")));
    }
    id.ok_or_else(|| wrong("it is empty"))
}

/// The run's id and the file's place in the run: nothing else has a place, no path that leaves the folder above all.
fn place(name: &str) -> Option<(&str, &str)> {
    let name = name.strip_suffix('/').unwrap_or(name);
    let (folder, rest) = name.split_once('/').unwrap_or((name, ""));
    let id = folder.strip_suffix(".rig")?;
    let known = rest.is_empty() || rest == "blobs" || FILES.contains(&rest) || rest.strip_prefix("blobs/").is_some_and(is_digest);
    (is_id(id) && known).then_some((id, rest))
}

fn write(entry: &mut impl Read, at: &Path) -> Result<(), Failed> {
    let disk = |error| Failed::Disk(at.to_owned(), error);
    if let Some(folder) = at.parent().filter(|f| !f.exists()) {
        DirBuilder::new().mode(0o700).create(folder).map_err(disk)?;
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(at).map_err(disk)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = entry.read(&mut buffer).map_err(|error| Failed::Wrong(format!("it cannot be unpacked ({error})")))?;
        if n == 0 {
            return Ok(());
        }
        io::Write::write_all(&mut file, &buffer[..n]).map_err(disk)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "01JD0000000000000000000000";

    #[test]
    fn only_files_of_a_run_have_a_place() {
        let digest = "0123456789abcdef".repeat(4);
        assert_eq!(place(&format!("{RUN}.rig/profile.json")), Some((RUN, "profile.json")));
        assert_eq!(place(&format!("{RUN}.rig/")), Some((RUN, "")));
        assert_eq!(place(&format!("{RUN}.rig/blobs/{digest}")), Some((RUN, format!("blobs/{digest}").as_str())));
        let shouted = format!("{RUN}.rig/blobs/{}", digest.to_uppercase());
        for bad in [
            "",
            "/",
            "/RUN.rig/profile.json",
            "../RUN.rig/profile.json",
            "RUN.rig/../x",
            "RUN.rig/blobs/../profile.json",
            "RUN.rig//profile.json",
            ".rig/profile.json",
            "RUN/profile.json",
            "RUN.rig/other.json",
            "./RUN.rig/profile.json",
            "a RUN.rig/profile.json",
            "zzz.rig/profile.json",
            &shouted,
        ] {
            assert_eq!(place(&bad.replace("RUN", RUN)), None, "{bad}");
        }
    }
}
