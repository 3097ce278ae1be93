//! A log file with its rotated siblings, read while it grows and while it is rotated.
#![allow(clippy::disallowed_methods, reason = "access logs are files")]

use super::{
    owners,
    pieces::{Line, Pieces},
    tally::Tally,
};
use crate::model::evidence::Gap;
use flate2::read::MultiGzDecoder;
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Bytes per read.
const PIECE: usize = 1 << 16;
/// File systems and clocks of other hosts may be this far off; a file that is read in vain costs nothing but time.
const MTIME_SLACK: Duration = Duration::from_mins(2);

/// The files of one log, and how far each has been read.
pub struct Files {
    path: PathBuf,
    since: SystemTime,
    known: Vec<Known>,
    bytes: u64,
}

struct Known {
    inode: (u64, u64),
    path: PathBuf,
    packed: bool,
    offset: u64,
    pieces: Pieces,
}

struct Found {
    inode: (u64, u64),
    path: PathBuf,
    packed: bool,
    len: u64,
    mtime: SystemTime,
}

impl Files {
    /// The log at `path` (a `*` in the file name stands for anything); siblings last written before `since` are left alone.
    pub fn new(path: &Path, since: SystemTime) -> Files {
        Files { path: path.into(), since, known: vec![], bytes: 0 }
    }
    /// Was a file that has been read cut, removed or packed since? Then everything must be read again, into an empty tally.
    pub fn moved(&self) -> Result<bool, Gap> {
        let found = self.list()?;
        let kept = |k: &Known| found.iter().any(|f| f.inode == k.inode && (k.packed || f.len >= k.offset));
        Ok(!self.known.iter().all(kept))
    }
    /// Forgets how far was read.
    pub fn rewind(&mut self) {
        self.known.clear();
    }
    /// Reads on, oldest file first, until the end or until `stop` says so. Returns whether it came to the end.
    pub fn read(&mut self, tally: &mut Tally, stop: &dyn Fn() -> bool) -> Result<bool, Gap> {
        for found in self.list()? {
            let mut known = match self.known.iter().position(|k| k.inode == found.inode) {
                Some(at) => self.known.remove(at),
                None => Known { inode: found.inode, path: PathBuf::new(), packed: found.packed, offset: 0, pieces: Pieces::default() },
            };
            known.path = found.path;
            let before = known.offset;
            let end = known.read(tally, stop);
            self.bytes += known.offset - before;
            self.known.push(known);
            if !end? {
                return Ok(false);
            }
        }
        Ok(true)
    }
    /// Nothing will be added any more: a last line without its line end is a line too.
    pub fn end(&mut self, tally: &mut Tally) {
        for known in &mut self.known {
            let label = label(&known.path);
            known.pieces.end(&mut |n, line| tally.line(line, &|| format!("{label}:{n}")));
        }
    }
    /// What was read: paths with line ranges.
    pub fn request(&self) -> String {
        let read = self.known.iter().filter(|k| k.pieces.lines() > 0);
        let ranges: Vec<_> = read.map(|k| format!("{}:1-{}", k.path.display(), k.pieces.lines())).collect();
        if ranges.is_empty() { self.path.display().to_string() } else { ranges.join(", ") }
    }
    /// Bytes read in all, unpacked, also those that were read again.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
    fn list(&self) -> Result<Vec<Found>, Gap> {
        let shown = self.path.display();
        let name = self.path.file_name().and_then(|n| n.to_str());
        let name = name.ok_or_else(|| Gap::NotConfigured(format!("access log {shown}: not the name of a file")))?;
        if self.path.is_dir() {
            return Err(Gap::NotConfigured(format!("access log {shown} is a folder; write a file, or `{shown}/*.log`")));
        }
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut found = vec![];
        for entry in fs::read_dir(folder).map_err(|e| refused(folder, &e))? {
            let entry = entry.map_err(|e| refused(folder, &e))?;
            let Some(other) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let main = matches(name, &other);
            if !main && !sibling(name, &other) {
                continue;
            }
            let path = entry.path();
            // A file that was rotated away since the folder was read is found under its other name, or next time.
            let Ok(meta) = fs::metadata(&path) else { continue };
            let mtime = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let wanted = other == name || mtime + MTIME_SLACK >= self.since;
            if wanted && meta.is_file() {
                let packed = path.extension().is_some_and(|e| e == "gz");
                found.push(Found { inode: (meta.dev(), meta.ino()), path, packed, len: meta.len(), mtime });
            }
        }
        if found.is_empty() && !name.contains('*') && self.path.exists() {
            return Err(Gap::NotConfigured(format!("access log {shown} is not a regular file; write `-` to read standard input")));
        }
        if found.is_empty() {
            return Err(Gap::Unreachable(format!(
                "access log {shown}: no such file; check `path` (it is relative to the spec) and that the target writes it"
            )));
        }
        found.sort_by(|a, b| a.mtime.cmp(&b.mtime).then_with(|| b.path.cmp(&a.path)));
        found.dedup_by_key(|f| f.inode);
        Ok(found)
    }
}

impl Known {
    fn read(&mut self, tally: &mut Tally, stop: &dyn Fn() -> bool) -> Result<bool, Gap> {
        if self.packed && self.offset > 0 {
            return Ok(true);
        }
        let mut file = match File::open(&self.path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(true),
            opened => opened.map_err(|e| refused(&self.path, &e))?,
        };
        let label = label(&self.path);
        let mut each = |n: u64, line: Line<'_>| tally.line(line, &|| format!("{label}:{n}"));
        let mut piece = vec![0; PIECE];
        let mut from: Box<dyn Read> = if self.packed {
            Box::new(MultiGzDecoder::new(file))
        } else {
            file.seek(SeekFrom::Start(self.offset)).map_err(|e| refused(&self.path, &e))?;
            Box::new(file)
        };
        loop {
            if stop() {
                return Ok(false);
            }
            match from.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => {
                    self.offset += n as u64;
                    self.pieces.feed(&piece[..n], &mut each);
                }
                Err(e) if self.packed => {
                    // What was unpacked before the damage is good.
                    self.offset = self.offset.max(1);
                    let n = self.pieces.lines();
                    tally.bad(format!("damaged gzip file: {}", e.kind()), &|| format!("{label}:{}", n + 1));
                    return Ok(true);
                }
                Err(e) => return Err(refused(&self.path, &e)),
            }
        }
        if self.packed {
            self.offset = self.offset.max(1);
            self.pieces.end(&mut each);
        }
        Ok(true)
    }
}

/// The file's name: places are shown, folders are the user's own business.
fn label(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

/// Is `other` what `name` means? A `*` stands for anything.
fn matches(name: &str, other: &str) -> bool {
    let mut parts = name.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = other.strip_prefix(first) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

/// Is `other` a rotated sibling: `x.log.1`, `x.log.2.gz`, `x.log-20240501`, `x.log.2024-05-01.gz`?
fn sibling(name: &str, other: &str) -> bool {
    let unpacked = other.strip_suffix(".gz").unwrap_or(other);
    if other != unpacked && matches(name, unpacked) {
        return true;
    }
    let number = unpacked.rfind(|c: char| !c.is_ascii_digit() && !"-_.T:".contains(c)).map_or(0, |at| at + 1);
    let (base, number) = unpacked.split_at(number);
    // The digits may begin with dots and dashes of their own: `x.log` `.1`.
    number.starts_with(['.', '-']) && number.bytes().any(|b| b.is_ascii_digit()) && matches(name, base)
}

fn refused(path: &Path, error: &io::Error) -> Gap {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::PermissionDenied => Gap::Denied(format!(
            "access log {shown}: no permission to read it{}; allow it with `setfacl -m u:$USER:r {shown}` or run as a user who may",
            owners::of(path)
        )),
        io::ErrorKind::NotFound => Gap::Unreachable(format!("access log {shown}: no such folder; check `path` (it is relative to the spec)")),
        kind => Gap::Unreachable(format!("access log {shown}: {kind}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_of_the_field() {
        for yes in
            ["x.log.1", "x.log.12", "x.log.2.gz", "x.log.gz", "x.log-20240501", "x.log-20240501.gz", "x.log.2024-05-01", "x.log.2024-05-01T12:00"]
        {
            assert!(sibling("x.log", yes), "{yes}");
        }
        for no in ["x.log", "x.log.bak", "x.log.1.zip", "xx.log.1", "x.log1", "y.log.1", "x.log.", "x.log~", "x.logs.1"] {
            assert!(!sibling("x.log", no), "{no}");
        }
        assert!(sibling("*.log", "a.log.1") && sibling("*.log", "a.log.1.gz") && !sibling("*.log", "a.txt.1"));
    }

    #[test]
    fn stars_stand_for_anything() {
        for (name, other, is) in [
            ("a.log", "a.log", true),
            ("a.log", "a.log1", false),
            ("*.log", "a.log", true),
            ("a*", "a", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "ac", false),
            ("a*ba", "aba", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches(name, other), is, "{name} {other}");
        }
    }
}
