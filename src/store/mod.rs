//! Level 5: runs on disk. A run is a folder: `profile.json` (what was judged), `events.jsonl` (what happened),
//! `evidence.jsonl` (what was answered, one fact a line, appended as it arrives), `blobs/` (many rows, by digest).
//! Everything is readable after a kill.

pub mod baseline;
mod blobs;
mod cited;
mod export;
mod import;
mod lock;
mod prune;
mod read;
mod shelf;
pub mod snapshot;
mod write;

pub use blobs::Folder;
pub use export::{FILES, export, export_to};
pub use import::{Bounds, MOST_TEXT, import};
pub use lock::{Alone, Holder, recording};
pub use prune::{Doomed, Kept};
pub use read::{Head, Recorded, head, open};
pub use shelf::{Shelf, bytes_of, id_of};
pub use write::Writer;

use std::{io, path::PathBuf};

/// How runs are written. Raised when an older release would misread a run; the header tells it ([`crate::model::event::Header::format`]).
pub const FORMAT: u32 = 1;

/// Why a run cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system says no.
    #[error("{action} {}: {error}{}", path.display(), advice(action, error))]
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
    /// An answer that the run judged is not there.
    #[error("{}: the answer to {key}, by which the run was judged, is gone: the file was changed after the run", path.display())]
    Missing {
        /// Which file.
        path: PathBuf,
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
    /// A later release wrote it, and wrote what this one does not know.
    #[error("{}:{line}: recorded by {tool}, this is {THIS}, and it does not know what stands there ({why}); read it with {tool} or later", path.display())]
    OtherRelease {
        /// Which file.
        path: PathBuf,
        /// 1-based line.
        line: usize,
        /// Who wrote it.
        tool: String,
        /// What is not known.
        why: String,
    },
    /// Another run is going on.
    #[error("another run of rigcheck is going on {what}: {holder}; two at once would disturb and overspend each other: wait for it, or say `--wait`")]
    Busy {
        /// On what.
        what: String,
        /// Whose.
        holder: Box<Holder>,
    },
    /// The run that was asked for goes on.
    #[error("run {id} is going on: {holder}; it can be read when it has ended, and `latest` is the last one that has")]
    GoesOn {
        /// Its id.
        id: String,
        /// Who records it.
        holder: Box<Holder>,
    },
    /// A file that is no exported run, or one that nobody should unpack.
    #[error("{}: not an exported run: {why}; nothing was imported", path.display())]
    NotExported {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file that is no snapshot.
    #[error("{}:{line}: not a snapshot: {why}", path.display())]
    NoSnapshot {
        /// Which file.
        path: PathBuf,
        /// 1-based line.
        line: usize,
        /// What is wrong, and what to do.
        why: String,
    },
    /// What would be written is there already.
    #[error("{} is there already; {todo}", path.display())]
    There {
        /// What.
        path: PathBuf,
        /// What to do.
        todo: &'static str,
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

/// This program, as the header of a run tells it.
pub const THIS: &str = concat!("rigcheck ", env!("CARGO_PKG_VERSION"));

/// What to do about what the operating system says, where that can be known.
fn advice(action: &str, error: &io::Error) -> &'static str {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => {
            "; make room there (`rigcheck runs prune` removes old runs), or keep runs elsewhere: they lie beside the spec"
        }
        Kind::PermissionDenied if action == "reading" => {
            "; a run is readable by who recorded it: read it as that user, or let them `rigcheck runs export` it for you"
        }
        Kind::ReadOnlyFilesystem | Kind::PermissionDenied => {
            "; runs are kept beside the spec, in .rigcheck: put the spec into a folder that you may write"
        }
        _ => "",
    }
}

/// Runs that an error names.
const FEW: usize = 5;

fn io_error(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.into();
    move |error| StoreError::Io { action, path, error }
}
