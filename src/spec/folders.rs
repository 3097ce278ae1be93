//! Where relative paths start: at the folder of the file in which they are written.

use crate::model::node::At;
use std::path::{Path, PathBuf};

/// Folders by file number, see [`Files`](super::files::Files).
#[derive(Clone, Debug, Default)]
pub struct Folders(Vec<PathBuf>);

impl Folders {
    /// The folder of the next file.
    pub(super) fn push(&mut self, folder: impl Into<PathBuf>) {
        self.0.push(folder.into());
    }
    /// The file that a path written at a place means.
    pub(super) fn join(&self, at: At, path: &str) -> PathBuf {
        self.of(at).map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
    }
    /// The same path as it would be written in the spec itself, the first file.
    pub(super) fn as_of_the_spec(&self, at: At, path: &str) -> String {
        let own = self.of(At { file: 1, ..at });
        if self.of(at) == own {
            return path.to_owned();
        }
        let meant = self.join(at, path);
        let below = own.and_then(|own| meant.strip_prefix(own).ok().map(Path::to_owned));
        below.or_else(|| std::path::absolute(&meant).ok()).unwrap_or(meant).display().to_string()
    }
    fn of(&self, at: At) -> Option<&Path> {
        self.0.get(usize::from(at.file).checked_sub(1)?).map(PathBuf::as_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_starts_where_it_is_written() {
        let mut folders = Folders::default();
        for folder in ["specs", "specs", "specs/base", ""] {
            folders.push(folder);
        }
        let at = |file| At { file, line: 1, col: 1, len: 1 };
        assert_eq!(folders.join(at(3), "token"), PathBuf::from("specs/base/token"));
        assert_eq!(folders.join(at(4), "token"), PathBuf::from("token"));
        assert_eq!(folders.join(at(3), "/etc/token"), PathBuf::from("/etc/token"));
        assert_eq!(folders.as_of_the_spec(at(2), "token"), "token");
        assert_eq!(folders.as_of_the_spec(at(3), "token"), "base/token");
        assert!(folders.as_of_the_spec(at(4), "token").starts_with('/'));
    }
}
