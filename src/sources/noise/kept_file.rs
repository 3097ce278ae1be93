use crate::{model::evidence::Gap, sources::environment::root::Root};
use rustix::{fs::OFlags, io::Errno};
use std::{borrow::Cow, fs::File, io, os::unix::fs::FileExt as _};

/// No file that is read again and again is longer.
const LONGEST: usize = 8 << 20;
/// What is read at once.
const PIECE: usize = 16 << 10;

/// A file that is read again and again. Of this machine it stays open, since opening takes longer than reading; of a recorded tree it is
/// opened each time, since it may have been replaced.
#[derive(Debug)]
pub struct KeptFile {
    root: Root,
    path: String,
    open: Option<File>,
    /// May it stay open?
    keep: bool,
    /// Is it written by the kernel in one piece, so that what does not fill the buffer is all of it?
    one_piece: bool,
}

impl KeptFile {
    /// A file below a root; nothing is opened yet.
    pub fn new(root: &Root, path: impl Into<String>) -> KeptFile {
        KeptFile { keep: *root == Root::machine(), root: root.clone(), path: path.into(), open: None, one_piece: false }
    }
    /// The same, but opened for each reading: for whom too many are open already.
    pub fn opened_each_time(root: &Root, path: impl Into<String>) -> KeptFile {
        KeptFile { keep: false, ..KeptFile::new(root, path) }
    }
    /// The same, but one record that the kernel writes at once: then one reading is enough.
    #[must_use]
    pub fn one_piece(self) -> KeptFile {
        KeptFile { one_piece: true, ..self }
    }
    /// Is it held open?
    pub fn held(&self) -> bool {
        self.open.is_some()
    }
    /// Its path below the root.
    pub fn path(&self) -> &str {
        &self.path
    }
    /// Its text as it is now; `None` where there is no such file, or who it tells of is gone.
    pub fn read<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Option<Cow<'b, str>>, Gap> {
        if self.open.is_none() {
            self.open = self.root.open(&self.path, OFlags::RDONLY | OFlags::NONBLOCK)?.map(File::from);
        }
        let Some(file) = &self.open else { return Ok(None) };
        let read = whole(file, buffer, self.one_piece);
        if !self.keep || read.is_err() {
            self.open = None;
        }
        match read {
            Ok(n) => Ok(Some(String::from_utf8_lossy(&buffer[..n]))),
            Err(e) => match Errno::from_io_error(&e) {
                Some(Errno::NOENT | Errno::SRCH | Errno::NODEV | Errno::OPNOTSUPP) => Ok(None),
                Some(Errno::ACCESS | Errno::PERM) => Err(Gap::Denied(format!("may not read {}", self.root.shown(&self.path)))),
                _ => Err(Gap::Unreachable(format!("cannot read {}: {e}", self.root.shown(&self.path)))),
            },
        }
    }
}

/// Reads a file from its beginning; how many bytes of the buffer are its.
fn whole(file: &File, buffer: &mut Vec<u8>, one_piece: bool) -> io::Result<usize> {
    let mut length = 0;
    loop {
        if buffer.len() < length + PIECE / 2 {
            buffer.resize(length + PIECE, 0);
        }
        match file.read_at(&mut buffer[length..], length as u64)? {
            0 => return Ok(length),
            _ if length > LONGEST => return Err(io::Error::other(format!("it is longer than {LONGEST} bytes"))),
            n if one_piece && length + n < buffer.len() => return Ok(length + n),
            n => length += n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_is_read_anew_each_time_whole_and_without_what_was_longer_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = KeptFile::new(&Root::at(folder.path()), "/proc/x");
        let mut buffer = vec![];
        assert_eq!(file.read(&mut buffer), Ok(None));
        fs::create_dir(folder.path().join("proc")).unwrap();
        for text in ["a long text".repeat(10_000), "short".into(), String::new()] {
            fs::write(folder.path().join("proc/x"), &text).unwrap();
            assert_eq!(file.read(&mut buffer).unwrap().unwrap(), text);
        }
        assert!(!file.held());
    }

    #[test]
    fn a_file_of_this_machine_stays_open_and_is_current() {
        let mut buffer = vec![];
        let mut file = KeptFile::new(&Root::machine(), "/proc/uptime");
        let first = file.read(&mut buffer).unwrap().unwrap().into_owned();
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_ne!(file.read(&mut buffer).unwrap().unwrap(), first);
        assert!(file.held());
        let mut gone = KeptFile::opened_each_time(&Root::machine(), "/proc/4194305/stat");
        assert_eq!(gone.read(&mut buffer), Ok(None));
    }
}
