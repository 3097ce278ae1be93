//! Files that a spec consists of or names, read within bounds: neither a device nor a huge file may fill the memory, and no
//! pipe may block.
#![allow(clippy::disallowed_methods, reason = "reads the files of a spec")]

use super::yaml::MAX_BYTES;
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Why a file was not read, in words that follow its name.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The system refused.
    #[error("cannot be read: {0}")]
    Failed(#[from] io::Error),
    /// A folder.
    #[error("is a folder; name the file in it")]
    Folder,
    /// It could block or never end.
    #[error("is not a file; pipes and devices are not read")]
    NoFile,
    /// Larger than this many bytes.
    #[error("is larger than {}", size(*.0))]
    Large(usize),
    /// What stands in it is no text.
    #[error("{0}")]
    NoText(String),
}

fn size(bytes: usize) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) }
}

/// The bytes of a file of at most `max`; pipes and devices are refused before they are opened.
pub fn bytes(path: &Path, max: usize) -> Result<Vec<u8>, Unread> {
    let there = path.metadata()?;
    if !there.is_file() {
        return Err(if there.is_dir() { Unread::Folder } else { Unread::NoFile });
    }
    let mut bytes = vec![];
    File::open(path)?.take(max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max { Err(Unread::Large(max)) } else { Ok(bytes) }
}

/// The same as text.
pub(super) fn text(path: &Path, max: usize) -> Result<String, Unread> {
    String::from_utf8(bytes(path, max)?).map_err(|e| Unread::NoText(not_utf8(e.as_bytes()).unwrap_or_default()))
}

/// The text of a spec or of a file of checks, byte for byte.
pub fn yaml(path: &Path) -> Result<String, Unread> {
    text(path, MAX_BYTES)
}

/// Where a file really is, without links and `..`.
pub(super) fn real(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// Where bytes are no UTF-8: line, column and what to do.
pub(super) fn not_utf8(bytes: &[u8]) -> Option<String> {
    let error = std::str::from_utf8(bytes).err()?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Some("is UTF-16; save it as UTF-8".into());
    }
    let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
    let line = before.matches('\n').count() + 1;
    let col = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    Some(format!("is not UTF-8 at {line}:{col}; save it as UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_what_is_no_text_is_told() {
        assert_eq!(not_utf8(b"a: 1\nb: \xff"), Some("is not UTF-8 at 2:4; save it as UTF-8".into()));
    }
}
