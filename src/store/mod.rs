//! Level 5: runs on disk. A run is a folder: `profile.json` (what was judged), `events.jsonl` (what happened),
//! `evidence.jsonl` (what was answered, one fact a line, appended as it arrives), `blobs/` (many rows, by digest).
//! Everything is readable after a kill.

mod blobs;
mod read;
mod shelf;
mod write;

pub use blobs::Folder;
pub use read::{Recorded, open};
pub use shelf::{Kept, Shelf};
pub use write::Writer;

use std::{io, path::PathBuf};

/// Why a run cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system says no.
    #[error("{action} {}: {error}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// A file of the run is not what we wrote.
    #[error("{}:{line}: not a line that rigcheck wrote: {why}", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// 1-based line.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// An answer is not the one that the run judged.
    #[error("{}:{line}: {key} is not what was answered then: the file was changed after the run", path.display())]
    Tampered {
        /// Which file.
        path: PathBuf,
        /// 1-based line.
        line: usize,
        /// The question.
        key: String,
    },
    /// Cases, gate or waivers are not those that the run was judged by.
    #[error("{}: cases, gate or waivers are not those of the run: the file was changed after it; `rigcheck replay --spec` judges by others", path.display())]
    OtherProfile {
        /// Which file.
        path: PathBuf,
    },
    /// A blob is missing or was changed.
    #[error("{}: rows that the evidence cites are missing or were changed", path.display())]
    Changed {
        /// Which blob.
        path: PathBuf,
    },
    /// Another run is going on.
    #[error("another run of rigcheck is going on here ({}); two at once would disturb and overspend each other: wait for it", root.display())]
    Busy {
        /// Where.
        root: PathBuf,
    },
    /// Several runs begin like that.
    #[error("`{wanted}` fits {} runs: {}{}; write more of it", fits.len(), fits[..fits.len().min(FEW)].join(", "), if fits.len() > FEW { ", …" } else { "" })]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// The runs, newest first.
        fits: Vec<String>,
    },
    /// A path at which there is no run.
    #[error("{} {}", path.display(), if *there { "is not a run: a run is a folder with a profile.json" } else { "does not exist: there is no run" })]
    NotARun {
        /// What was asked for.
        path: PathBuf,
        /// Is there anything?
        there: bool,
    },
    /// There is no such run.
    #[error("there is no run `{wanted}` in {}; it has {}", root.display(), if has.is_empty() { "none".to_owned() } else { has.join(", ") })]
    NoRun {
        /// What was asked for.
        wanted: String,
        /// Where.
        root: PathBuf,
        /// What is there, newest first, a few.
        has: Vec<String>,
    },
}

/// Runs that an error names.
const FEW: usize = 5;

fn io_error(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.into();
    move |error| StoreError::Io { action, path, error }
}
