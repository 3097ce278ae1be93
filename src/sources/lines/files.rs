//! A file of lines with its rotated siblings, read while it grows and while it is rotated.

use super::{
    Take, owners,
    pieces::{Line, Pieces},
};
use crate::model::evidence::Gap;
use flate2::read::MultiGzDecoder;
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Bytes per read.
const PIECE: usize = 1 << 16;
/// File systems and clocks of other hosts may be this far off; a file that is read in vain costs nothing but time.
const MTIME_SLACK: Duration = Duration::from_mins(2);
/// Bytes before the place from which a file is read on, by which it is known to be the same file still.
const WITNESS: u64 = 64;

/// What kind of file it is.
#[derive(Clone, Copy)]
pub struct Kind {
    /// In the user's words.
    pub word: &'static str,
    /// What its names end with, for the advice to those who name a folder.
    pub ending: &'static str,
    /// What reads what is no regular file, if anything does.
    pub instead: &'static str,
    /// How its bytes are joined.
    pub pieces: fn() -> Pieces,
}

/// The files of one log, and how far each has been read.
pub struct Files {
    kind: Kind,
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
    /// What was there before the first byte that is read, and its end.
    skipped: u64,
    witness: Vec<u8>,
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
    pub fn new(kind: Kind, path: &Path, since: SystemTime) -> Files {
        Files { kind, path: path.into(), since, known: vec![], bytes: 0 }
    }
    /// Leaves out what is there by now. A file that is not there yet is read from its beginning.
    pub fn skip(&mut self) -> Result<(), Gap> {
        let found = match self.list() {
            Err(Gap::Unreachable(_)) => return Ok(()),
            found => found?,
        };
        self.known = found.iter().map(|f| self.at_its_end(f)).collect::<Result<_, _>>()?;
        Ok(())
    }
    fn at_its_end(&self, found: &Found) -> Result<Known, Gap> {
        let mut known = self.unread(found);
        // A packed file is whole: nothing is ever added to it.
        known.offset = if found.packed { found.len.max(1) } else { found.len };
        known.skipped = known.offset;
        if !found.packed {
            let refused = |e| self.refused(&found.path, &e);
            known.witness = vec![0; found.len.min(WITNESS) as usize];
            let from = found.len - known.witness.len() as u64;
            File::open(&found.path).and_then(|file| file.read_exact_at(&mut known.witness, from)).map_err(refused)?;
            if known.witness.last().is_some_and(|last| *last != b'\n') {
                known.pieces.begin_inside_a_line();
            }
        }
        Ok(known)
    }
    fn unread(&self, found: &Found) -> Known {
        Known {
            inode: found.inode,
            path: found.path.clone(),
            packed: found.packed,
            offset: 0,
            skipped: 0,
            witness: vec![],
            pieces: (self.kind.pieces)(),
        }
    }
    /// Was a file that has been read cut, removed or packed since? Then everything must be read again, into an empty tally.
    pub fn moved(&self) -> Result<bool, Gap> {
        let found = self.list()?;
        let kept = |k: &Known| found.iter().any(|f| f.inode == k.inode && (k.packed || f.len >= k.offset && k.is_what_it_was(&f.path)));
        Ok(!self.known.iter().all(kept))
    }
    /// Forgets how far was read.
    pub fn rewind(&mut self) {
        self.known.clear();
    }
    /// Reads on, oldest file first, until the end or until `stop` says so. Returns whether it came to the end.
    pub fn read(&mut self, to: &mut dyn Take, stop: &dyn Fn() -> bool) -> Result<bool, Gap> {
        for found in self.list()? {
            let mut known = match self.known.iter().position(|k| k.inode == found.inode) {
                Some(at) => self.known.remove(at),
                None => self.unread(&found),
            };
            known.path = found.path;
            let before = known.offset;
            let end = known.read(to, stop);
            self.bytes += known.offset - before;
            let end = end.map_err(|e| self.refused(&known.path, &e));
            self.known.push(known);
            if !end? {
                return Ok(false);
            }
        }
        Ok(true)
    }
    /// Nothing will be added any more: a last line without its line end is a line too.
    pub fn end(&mut self, to: &mut dyn Take) {
        for known in &mut self.known {
            let place = Place::of(known);
            known.pieces.end(&mut |n, line| to.line(line, &|| place.line(n)));
        }
    }
    /// What was read: paths with line ranges.
    pub fn request(&self) -> String {
        let read = self.known.iter().filter(|k| k.pieces.lines() > 0);
        let range = |k: &Known| match k.skipped {
            0 => format!("{}:1-{}", k.path.display(), k.pieces.lines()),
            skipped => format!("{} from byte {skipped}, {} lines", k.path.display(), k.pieces.lines()),
        };
        let ranges: Vec<_> = read.map(range).collect();
        if ranges.is_empty() { self.path.display().to_string() } else { ranges.join(", ") }
    }
    /// Bytes read in all, unpacked, also those that were read again.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
    fn list(&self) -> Result<Vec<Found>, Gap> {
        let (shown, Kind { word, ending, instead, .. }) = (self.path.display(), self.kind);
        let name = self.path.file_name().and_then(|n| n.to_str());
        let name = name.ok_or_else(|| Gap::NotConfigured(format!("{word} {shown}: not the name of a file")))?;
        if self.path.is_dir() {
            return Err(Gap::NotConfigured(format!("{word} {shown} is a folder; write a file, or `{shown}/*{ending}`")));
        }
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut found = vec![];
        for entry in fs::read_dir(folder).map_err(|e| self.refused(folder, &e))? {
            let entry = entry.map_err(|e| self.refused(folder, &e))?;
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
            return Err(Gap::NotConfigured(format!("{word} {shown} is not a regular file{instead}")));
        }
        if found.is_empty() {
            return Err(Gap::Unreachable(format!(
                "{word} {shown}: no such file; check `path` (it is relative to the spec) and that something writes it"
            )));
        }
        found.sort_by(|a, b| a.mtime.cmp(&b.mtime).then_with(|| b.path.cmp(&a.path)));
        found.dedup_by_key(|f| f.inode);
        Ok(found)
    }
    fn refused(&self, path: &Path, error: &io::Error) -> Gap {
        let (shown, word) = (path.display(), self.kind.word);
        match error.kind() {
            io::ErrorKind::PermissionDenied => Gap::Denied(format!(
                "{word} {shown}: no permission to read it{}; allow it with `setfacl -m u:$USER:r {shown}` or run as a user who may",
                owners::of(path)
            )),
            io::ErrorKind::NotFound => Gap::Unreachable(format!("{word} {shown}: no such folder; check `path` (it is relative to the spec)")),
            kind => Gap::Unreachable(format!("{word} {shown}: {kind}")),
        }
    }
}

impl Known {
    /// Is what was skipped still there? A file that is written anew keeps its inode, and may be longer by now than it was.
    fn is_what_it_was(&self, path: &Path) -> bool {
        let mut now = vec![0; self.witness.len()];
        let from = self.skipped.saturating_sub(now.len() as u64);
        // Who may not be asked is not to be suspected: reading on says why.
        now.is_empty() || File::open(path).and_then(|file| file.read_exact_at(&mut now, from)).is_err() || now == self.witness
    }
    fn read(&mut self, to: &mut dyn Take, stop: &dyn Fn() -> bool) -> io::Result<bool> {
        if self.packed && self.offset > 0 {
            return Ok(true);
        }
        let mut file = match File::open(&self.path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(true),
            opened => opened?,
        };
        let place = Place::of(self);
        let mut each = |n: u64, line: Line<'_>| to.line(line, &|| place.line(n));
        let mut piece = vec![0; PIECE];
        let mut from: Box<dyn Read> = if self.packed {
            Box::new(MultiGzDecoder::new(file))
        } else {
            file.seek(SeekFrom::Start(self.offset))?;
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
                    to.bad(format!("damaged gzip file: {}", e.kind()), &|| place.line(n + 1));
                    return Ok(true);
                }
                Err(e) => return Err(e),
            }
        }
        if self.packed {
            self.offset = self.offset.max(1);
            self.pieces.end(&mut each);
        }
        Ok(true)
    }
}

/// Where a line is. The file's name only: places are shown, folders are the user's own business.
struct Place {
    file: String,
    skipped: u64,
}

impl Place {
    fn of(known: &Known) -> Place {
        Place { file: known.path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()), skipped: known.skipped }
    }
    fn line(&self, n: u64) -> String {
        match self.skipped {
            0 => format!("{}:{n}", self.file),
            skipped => format!("{}, line {n} from byte {skipped} on", self.file),
        }
    }
}

/// Is `other` what `name` means? A `*` stands for anything.
pub fn matches(name: &str, other: &str) -> bool {
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

/// Digits of a day: fewer in a name's middle number something else, such as workers.
const DAY: usize = 8;

/// Is `other` a rotated sibling: `x.log.1`, `x.log.2.gz`, `x.log-20240501`, `x.log.2024-05-01.gz`, or, as the collector's
/// file exporter names them, `x-2024-05-01T12-00-00.000.log`?
fn sibling(name: &str, other: &str) -> bool {
    let unpacked = other.strip_suffix(".gz").unwrap_or(other);
    if other != unpacked && matches(name, unpacked) {
        return true;
    }
    // The digits may begin with dots and dashes of their own: `x.log` `.1`.
    let numbered = |text: &str| text.rfind(|c: char| !c.is_ascii_digit() && !"-_.T:".contains(c)).map_or(0, |at| at + 1);
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let (base, number) = unpacked.split_at(numbered(unpacked));
    if number.starts_with(['.', '-']) && digits(number) > 0 && matches(name, base) {
        return true;
    }
    let Some((stem, ending)) = unpacked.rfind('.').map(|dot| unpacked.split_at(dot)) else { return false };
    let (base, day) = stem.split_at(numbered(stem));
    day.starts_with('-') && digits(day) >= DAY && matches(name, &format!("{base}{ending}"))
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
        for yes in ["x-2024-05-01T12-00-00.000.log", "x-2024-05-01T12-00-00.000.log.gz", "x-20240501.log"] {
            assert!(sibling("x.log", yes), "{yes}");
        }
        for no in [
            "x-1.log",
            "x-12.log",
            "y-20240501.log",
            "x-20240501.txt",
            "x20240501.log",
            "x.log",
            "x.log.bak",
            "x.log.1.zip",
            "xx.log.1",
            "x.log1",
            "y.log.1",
            "x.log.",
            "x.log~",
            "x.logs.1",
        ] {
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
