//! This program as an image FROM scratch: its own file, and what it needs to be loaded.

use super::{ContainerError, elf::Elf};
use bytes::Bytes;
use procfs::process::{MMapPath, Process};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Where the program lies in its image.
pub const PROGRAM: &str = "/rigcheck";
/// Where its libraries lie.
pub const LIBRARIES: &str = "/lib/rigcheck";

/// The program that runs, whatever became of its file since.
const SELF: &str = "/proc/self/exe";
/// Headers of a program and its interpreter's name stand in its first pages.
const HEAD: u64 = 64 << 10;
/// Files are read in pieces of so much.
const PIECE: usize = 1 << 20;

/// The files of an image, by their paths in it.
pub struct Image {
    files: BTreeMap<String, PathBuf>,
    digest: String,
}

impl Image {
    /// Of the program that runs. A static one is enough by itself; beside a dynamic one lie its interpreter and the libraries
    /// that it has mapped, each by the name by which it is asked for.
    pub fn of_this_program() -> Result<Image, ContainerError> {
        let mut files = BTreeMap::from([(PROGRAM.to_owned(), PathBuf::from(SELF))]);
        let mut head = vec![];
        File::open(SELF).and_then(|file| file.take(HEAD).read_to_end(&mut head)).map_err(|e| unreadable(Path::new(SELF), &e))?;
        let elf = Elf::of(&head)
            .ok_or_else(|| ContainerError::Program("this program is no 64-bit little-endian ELF file: run the burn without --container".into()))?;
        if let Some(interpreter) = elf.interpreter() {
            for path in mapped()? {
                let bytes = fs::read(&path).map_err(|e| unreadable(&path, &e))?;
                if let Some(soname) = Elf::of(&bytes).and_then(|elf| elf.soname()) {
                    files.insert(format!("{LIBRARIES}/{soname}"), path);
                }
            }
            files.insert(interpreter.clone(), interpreter.into());
        }
        let mut digest = Sha256::new();
        for (inside, path) in &files {
            digest.update(inside.as_bytes());
            for piece in Pieces::of(path).map_err(|e| unreadable(path, &e))? {
                digest.update(&piece.map_err(|e| unreadable(path, &e))?);
            }
        }
        let digest = digest.finalize().iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Ok(Image { files, digest })
    }
    /// The same files have the same digest.
    pub fn digest(&self) -> &str {
        &self.digest
    }
    /// A tar archive of them, piece by piece.
    pub fn tar(&self) -> impl Iterator<Item = io::Result<Bytes>> + Send + use<> {
        let entries: Vec<_> = self.files.clone().into_iter().collect();
        // Two blocks of zeros end an archive.
        let end = std::iter::once(Ok(Bytes::from_static(&[0; 1024])));
        entries.into_iter().flat_map(|(inside, path)| entry(&inside, &path)).chain(end)
    }
}

/// One file: its header, its content, and zeros up to the next block.
fn entry(inside: &str, path: &Path) -> Box<dyn Iterator<Item = io::Result<Bytes>> + Send> {
    let parts = || {
        let pieces = Pieces::of(path)?;
        let mut header = tar::Header::new_ustar();
        header.set_path(inside.trim_start_matches('/'))?;
        header.set_size(pieces.left);
        header.set_mode(0o755);
        header.set_mtime(0);
        header.set_cksum();
        Ok((Bytes::copy_from_slice(header.as_bytes()), pieces))
    };
    match parts() {
        Ok((header, pieces)) => {
            let padding = usize::try_from(pieces.left.wrapping_neg() % 512).unwrap_or(0);
            Box::new(std::iter::once(Ok(header)).chain(pieces).chain(std::iter::once(Ok(Bytes::from(vec![0; padding])))))
        }
        Err(e) => Box::new(std::iter::once(Err(e))),
    }
}

/// A file in pieces, exactly as long as it was when it was opened.
struct Pieces {
    file: File,
    left: u64,
}

impl Pieces {
    fn of(path: &Path) -> io::Result<Pieces> {
        let file = File::open(path)?;
        let left = file.metadata()?.len();
        Ok(Pieces { file, left })
    }
}

impl Iterator for Pieces {
    type Item = io::Result<Bytes>;
    fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.left == 0 {
            return None;
        }
        let mut piece = vec![0; usize::try_from(self.left).unwrap_or(PIECE).min(PIECE)];
        let read = self.file.read_exact(&mut piece).map(|()| piece.len() as u64);
        self.left -= *read.as_ref().unwrap_or(&self.left);
        Some(read.map(|_| piece.into()))
    }
}

/// The files that this process has mapped, but for the program itself.
fn mapped() -> Result<Vec<PathBuf>, ContainerError> {
    let told = Process::myself().and_then(|me| Ok((me.maps()?, me.exe()?)));
    let (maps, exe) = told.map_err(|e| ContainerError::Program(format!("/proc/self/maps does not tell the libraries of this program: {e}")))?;
    let mut paths: Vec<PathBuf> = maps
        .into_iter()
        .filter_map(|map| match map.pathname {
            MMapPath::Path(path) if path != exe => Some(path),
            _ => None,
        })
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn unreadable(path: &Path, error: &io::Error) -> ContainerError {
    ContainerError::Program(format!("{} is needed in the image and cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_holds_the_program_and_what_loads_it() {
        let image = Image::of_this_program().unwrap();
        assert_eq!((image.digest().len(), image.digest()), (16, Image::of_this_program().unwrap().digest()));
        let bytes: Vec<u8> = image.tar().flat_map(|piece| piece.unwrap()).collect();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut found = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            assert_eq!(entry.header().mode().unwrap(), 0o755);
            let mut content = vec![];
            entry.read_to_end(&mut content).unwrap();
            found.insert(format!("/{}", entry.path().unwrap().display()), Sha256::digest(&content).to_vec());
        }
        assert_eq!(found.keys().collect::<Vec<_>>(), image.files.keys().collect::<Vec<_>>());
        assert_eq!(found[PROGRAM], Sha256::digest(fs::read(SELF).unwrap()).to_vec());
        if found.len() > 1 {
            assert!(found.keys().any(|path| path.starts_with(LIBRARIES) && path.contains("libc.")), "{:?}", found.keys());
        }
    }
}
