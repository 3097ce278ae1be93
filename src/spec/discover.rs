//! Which spec a command means when none is named: the nearest `rigcheck.yaml`, up to the repository's root.
#![allow(clippy::disallowed_methods, reason = "looks for the spec")]

use super::owner::stranger;
use std::{
    io,
    path::{Path, PathBuf},
};

/// The name of a spec.
pub const FILE_NAME: &str = "rigcheck.yaml";

/// Why there is no spec to use.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// No such file.
    #[error("no {FILE_NAME} in {} or above it{hint}; name one with `--spec FILE` or RIGCHECK_SPEC", .from.display())]
    Nowhere {
        /// Where the search began.
        from: PathBuf,
        /// Something that may have been meant.
        hint: String,
    },
    /// A spec says where requests and credentials go: somebody else's is not followed unasked.
    #[error("{} belongs to another user (uid {owner}, you are uid {you}); if you trust it, name it with `--spec {0}`, or by RIGCHECK_SPEC", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Us.
        you: u32,
    },
    /// The search itself failed.
    #[error("looking for {FILE_NAME} at {}: {why}", .at.display())]
    Failed {
        /// Where.
        at: PathBuf,
        /// Why.
        why: io::Error,
    },
}

/// The nearest spec at a folder or above it. The search ends at the root of the repository (a folder with `.git`).
pub fn find(start: &Path) -> Result<PathBuf, NotFound> {
    let mut hint = String::new();
    for folder in start.ancestors() {
        let path = folder.join(FILE_NAME);
        match path.symlink_metadata() {
            Ok(_) => return ours(path),
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            Err(why) => return Err(NotFound::Failed { at: path, why }),
        }
        let other = folder.join("rigcheck.yml");
        if hint.is_empty() && other.exists() {
            hint = format!(" (there is {}: rename it)", other.display());
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    Err(NotFound::Nowhere { from: start.to_owned(), hint })
}

/// How a file is named for others: relative to the root of its repository, or by its name alone where there is none. `None`
/// where there is no such file.
pub(super) fn in_repository(path: &str) -> Option<String> {
    let whole = Path::new(path).canonicalize().ok()?;
    let root = whole.ancestors().skip(1).find(|folder| folder.join(".git").exists());
    let inside = match root {
        Some(root) => whole.strip_prefix(root).ok()?,
        None => Path::new(whole.file_name()?),
    };
    Some(inside.display().to_string())
}

fn ours(path: PathBuf) -> Result<PathBuf, NotFound> {
    match stranger(&path, None) {
        Ok(None) => Ok(path),
        Ok(Some((owner, you))) => Err(NotFound::Foreign { path, owner, you }),
        Err(why) => Err(NotFound::Failed { at: path, why }),
    }
}
