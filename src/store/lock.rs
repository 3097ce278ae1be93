//! One run at a time: locks that end with the process, however it ends, and say who holds them.
#![allow(clippy::disallowed_methods, reason = "the store owns the files by which runs exclude each other")]

use super::{StoreError, io_error};
use crate::{
    model::{evidence::digest, units::Wall},
    spec::owner::own_uid,
};
use serde::{Deserialize, Serialize};
use std::{
    fmt, fs,
    io::{Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Who holds a rig; written into the lock, so that others can be told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// What it does: `rigcheck audit`.
    pub command: String,
    /// Where it runs.
    pub host: String,
    /// In which folder its runs are kept.
    pub folder: PathBuf,
    /// Since when.
    pub since: Wall,
}

impl Holder {
    /// This process.
    pub fn us(command: &str, host: &str, folder: &Path, since: Wall) -> Holder {
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        Holder { pid: std::process::id(), command: command.into(), host: host.into(), folder, since }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 {
            return f.write_str("who holds it is not known");
        }
        // Another user may have written anything, and this is shown on a terminal.
        let plain = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
        let (command, host, folder) = (plain(&self.command), plain(&self.host), plain(&self.folder.display().to_string()));
        write!(f, "`{command}`, pid {} on {host}, in {folder}, since {}", self.pid, self.since)
    }
}

/// Locks that are held until this is dropped.
#[derive(Debug, Default)]
pub struct Alone {
    held: Vec<Held>,
    unlocked: Option<String>,
}

#[derive(Debug)]
struct Held {
    file: fs::File,
    /// A lock among other people's files is removed when it is over.
    remove: Option<PathBuf>,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(path) = &self.remove {
            drop(fs::remove_file(path)); // while it is still held: who opened it before looks again
        }
        // Whoever reads it from now on must not take it for the next one's.
        drop(self.file.set_len(0));
        drop(self.file.unlock());
    }
}

/// Who records a run that goes on; `None` where nobody does any more. A run's writer locks its events as long as it lives.
pub fn recording(run: &Path) -> Option<Box<Holder>> {
    let goes_on = |file: fs::File| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock));
    if !fs::File::open(run.join("events.jsonl")).is_ok_and(goes_on) {
        return None;
    }
    let project = run.ancestors().nth(2).and_then(|root| fs::File::open(root.join("lock")).ok());
    Some(project.map(|file| read(&file)).unwrap_or_default())
}

/// A lock file is a line; whatever is longer is none of ours.
const MAX: u64 = 4096;

impl Alone {
    /// The lock of a target alone, for who records nothing.
    pub fn of(who: &Holder, target: Option<(&Path, &str)>) -> Result<Alone, StoreError> {
        let mut alone = Alone::default();
        if let Some((shared, origin)) = target {
            alone.of_target(shared, origin, who)?;
        }
        Ok(alone)
    }
    /// Why the target has no lock, where that could not be had: then runs of other projects on it are not noticed.
    pub fn unlocked(&self) -> Option<&str> {
        self.unlocked.as_deref()
    }
    /// Adds the lock of a project: a file in its own folder, which stays.
    pub fn of_project(&mut self, root: &Path, who: &Holder) -> Result<(), StoreError> {
        let at = root.join("lock");
        let file = open(&at, 0o600)?;
        if !taken(&file) {
            return Err(StoreError::Busy { what: format!("here ({})", root.display()), holder: read(&file) });
        }
        write(&file, who).map_err(io_error("writing", &at))?;
        self.held.push(Held { file, remove: None });
        Ok(())
    }
    /// Adds the lock of a target: a file in a folder that all users of this host share, one for each user, because nobody can
    /// write another's. Two users who try at once may both be refused; they never both go on. Where that folder cannot be
    /// written or listed, only the project's lock holds, and [`Alone::unlocked`] says so.
    pub fn of_target(&mut self, shared: &Path, origin: &str, who: &Holder) -> Result<(), StoreError> {
        let stem = format!("rigcheck-{}.", &digest(origin.as_bytes())[..16]);
        let what = format!("at {origin}");
        let (file, path) = match own(shared, &stem, &what, who)? {
            Ok(held) => held,
            Err(why) => {
                self.unlocked = Some(format!("the target has no lock ({why}): a run of another project {what} would not be noticed"));
                return Ok(());
            }
        };
        self.held.push(Held { file, remove: Some(path.clone()) });
        for other in fs::read_dir(shared).into_iter().flatten().flatten().map(|e| e.path()).filter(|p| *p != path && is_lock(p, &stem)) {
            // One that cannot be read was not left for us to see.
            let Ok(file) = fs::File::open(&other) else { continue };
            if matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)) {
                return Err(StoreError::Busy { what, holder: read(&file) });
            }
        }
        Ok(())
    }
}

/// This user's lock of a target, or why there is none.
fn own(shared: &Path, stem: &str, what: &str, who: &Holder) -> Result<Result<(fs::File, PathBuf), String>, StoreError> {
    let uid = match own_uid() {
        Ok(uid) => uid,
        Err(why) => return Ok(Err(format!("this user's number is not known: {why}"))),
    };
    let path = shared.join(format!("{stem}{uid}.lock"));
    // A file that is removed between opening and locking is no lock any more: then again.
    for _ in 0..100 {
        let file = match open(&path, 0o644) {
            Ok(file) => file,
            Err(StoreError::Io { error, .. }) if full(&error) => return Err(io_error("writing", &path)(error)),
            Err(why) => return Ok(Err(why.to_string())),
        };
        if !taken(&file) {
            return Err(StoreError::Busy { what: what.into(), holder: read(&file) });
        }
        let same = |a: fs::Metadata, b: fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        if file.metadata().is_ok_and(|a| path.symlink_metadata().is_ok_and(|b| same(a, b))) {
            // Others are told who holds it, whatever our umask says.
            drop(fs::set_permissions(&path, fs::Permissions::from_mode(0o644)));
            write(&file, who).map_err(io_error("writing", &path))?;
            return Ok(Ok((file, path)));
        }
    }
    Ok(Err(format!("{} changes all the time", path.display())))
}

fn is_lock(path: &Path, stem: &str) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    name.starts_with(stem) && path.extension().is_some_and(|e| e == "lock") && path.symlink_metadata().is_ok_and(|m| m.is_file())
}

/// Whoever can put a link where a lock is expected must not make us write, or create, what it leads to.
fn open(at: &Path, mode: u32) -> Result<fs::File, StoreError> {
    let open = || {
        plain(at)?;
        let file = fs::File::options().create(true).truncate(false).read(true).write(true).mode(mode).open(at)?;
        plain(at).map(|()| file)
    };
    open().map_err(io_error("opening", at))
}

fn plain(at: &Path) -> std::io::Result<()> {
    match at.symlink_metadata() {
        Ok(m) if !m.is_file() => Err(std::io::Error::other("a lock is a plain file, and something else is there; remove it")),
        _ => Ok(()),
    }
}

/// Some network file systems have no locks; that is no reason to do nothing.
fn taken(file: &fs::File) -> bool {
    !matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

fn full(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

fn write(mut file: &fs::File, who: &Holder) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(who)?;
    line.push(b'\n');
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&line)
}

/// Nobody known, where what is written is not ours.
#[allow(clippy::unnecessary_box_returns, reason = "an error is passed on everywhere, and small")]
fn read(file: &fs::File) -> Box<Holder> {
    let mut text = vec![];
    let mut file = file;
    let whole = file.rewind().and_then(|()| file.take(MAX).read_to_end(&mut text));
    Box::new(whole.ok().and_then(|_| serde_json::from_slice(&text).ok()).unwrap_or_default())
}
