//! Blobs as files named by their SHA-256.
#![allow(clippy::disallowed_methods, reason = "the store owns the run's files")]

use crate::model::{evidence::hex, rows::Blobs};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

/// A folder of blobs.
pub struct Folder {
    path: PathBuf,
    next: AtomicU64,
}

impl Folder {
    /// The folder at `path`; made when the first blob is stored.
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder { path: path.into(), next: AtomicU64::new(0) }
    }
    /// Is the blob there and unchanged? Streams it once.
    pub fn verify(&self, digest: &str) -> io::Result<bool> {
        let mut hash = Hashing { to: io::sink(), hash: Sha256::new() };
        io::copy(&mut File::open(self.path.join(digest))?, &mut hash)?;
        Ok(hash.digest() == digest)
    }
    /// Where a blob lies.
    pub fn path_of(&self, digest: &str) -> PathBuf {
        self.path.join(digest)
    }
}

impl Blobs for Folder {
    fn open(&self, digest: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(self.path.join(digest))?))
    }
    fn store(&self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<String> {
        fs::create_dir_all(&self.path)?;
        let partial = self.path.join(format!("partial-{}", self.next.fetch_add(1, Ordering::Relaxed)));
        let mut hashing = Hashing { to: BufWriter::with_capacity(1 << 16, File::create(&partial)?), hash: Sha256::new() };
        let written = write(&mut hashing).and_then(|()| hashing.flush());
        let digest = hashing.digest();
        let kept = written.and_then(|()| fs::rename(&partial, self.path.join(&digest)));
        if kept.is_err() {
            let _ = fs::remove_file(&partial); // the first error is the one that matters
        }
        kept.map(|()| digest)
    }
}

struct Hashing<W> {
    to: W,
    hash: Sha256,
}

impl<W> Hashing<W> {
    fn digest(&self) -> String {
        hex(&self.hash.clone().finalize())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.hash.update(&bytes[..n]);
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
