//! Files of a machine, of a container seen from outside, or of a recorded tree: all below one folder, which nothing leaves.

use crate::model::evidence::Gap;
use rustix::{
    fs::{Mode, OFlags, ResolveFlags, open, openat2, readlinkat},
    io::Errno,
};
use std::{
    fs::File,
    io::{ErrorKind, Read},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

/// No file that is read here is longer.
pub const LONGEST: u64 = 4 << 20;
/// No folder that is listed here has more entries.
pub const MOST: usize = 20_000;

/// Where paths begin. Links inside, absolute ones too, end inside: a container's `/etc/os-release` that points to
/// `/etc/shadow` is the container's `/etc/shadow`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Root {
    /// This machine, as this process sees it.
    pub fn machine() -> Root {
        Root("/".into())
    }
    /// A folder: a recorded tree, or `/proc/PID/root`.
    pub fn at(folder: impl Into<PathBuf>) -> Root {
        Root(folder.into())
    }
    /// As a process sees its files.
    pub fn of_process(pid: u32) -> Root {
        Root::at(format!("/proc/{pid}/root"))
    }
    /// The path as it is from here, for `from` and for gaps.
    pub fn shown(&self, path: &str) -> String {
        self.inside(path).display().to_string()
    }

    /// The text of a file; `None` where there is no such file. What is not UTF-8 is replaced; pipes and devices hold nobody up.
    pub fn read(&self, path: &str) -> Result<Option<String>, Gap> {
        let Some(file) = self.open(path, OFlags::RDONLY | OFlags::NONBLOCK)? else { return Ok(None) };
        let file = File::from(file);
        if !file.metadata().is_ok_and(|m| m.is_file()) {
            return Err(Gap::Malformed(format!("{} is no regular file", self.shown(path))));
        }
        let mut bytes = vec![];
        match file.take(LONGEST + 1).read_to_end(&mut bytes) {
            // Files of processes that have ended, and knobs that the kernel has but this machine does not.
            Err(e) if e.kind() == ErrorKind::NotFound || e.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => return Ok(None),
            Err(e) => return Err(self.refused(path, &e)),
            Ok(_) => {}
        }
        if bytes.len() as u64 > LONGEST {
            return Err(Gap::Truncated(format!("{} is longer than {LONGEST} bytes", self.shown(path))));
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The names in a folder, sorted; `None` where there is no such folder.
    pub fn list(&self, path: &str) -> Result<Option<Vec<String>>, Gap> {
        let Some(folder) = self.open(path, OFlags::RDONLY | OFlags::DIRECTORY)? else { return Ok(None) };
        let entries = rustix::fs::Dir::new(folder).map_err(|e| self.refused(path, &e.into()))?;
        let mut names = vec![];
        for entry in entries {
            let entry = entry.map_err(|e| self.refused(path, &e.into()))?;
            match entry.file_name().to_string_lossy() {
                name if name == "." || name == ".." => {}
                _ if names.len() == MOST => return Err(Gap::Truncated(format!("{} has more than {MOST} entries", self.shown(path)))),
                name => names.push(name.into_owned()),
            }
        }
        names.sort();
        Ok(Some(names))
    }

    /// Is there anything? A path that may not be looked at is not there.
    pub fn has(&self, path: &str) -> bool {
        matches!(self.open(path, OFlags::PATH), Ok(Some(_)))
    }

    /// What a link says, which is not followed; `None` where there is none, or where it may not be looked at.
    pub fn link(&self, path: &str) -> Option<String> {
        let link = self.open(path, OFlags::PATH | OFlags::NOFOLLOW).ok()??;
        readlinkat(link, "", vec![]).ok()?.into_string().ok()
    }

    fn inside(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    /// `None` where it is not there.
    pub(crate) fn open(&self, path: &str, flags: OFlags) -> Result<Option<OwnedFd>, Gap> {
        let flags = flags | OFlags::CLOEXEC;
        let opened = if self.0 == Path::new("/") {
            open(self.inside(path), flags, Mode::empty())
        } else {
            open(&self.0, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
                .and_then(|root| openat2(root, path.trim_start_matches('/'), flags, Mode::empty(), ResolveFlags::IN_ROOT))
        };
        match opened {
            Ok(file) => Ok(Some(file)),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::SRCH | Errno::NODEV | Errno::NXIO) => Ok(None),
            Err(e) => Err(self.refused(path, &e.into())),
        }
    }

    fn refused(&self, path: &str, error: &std::io::Error) -> Gap {
        let path = self.shown(path);
        match Errno::from_io_error(error) {
            Some(Errno::ACCESS | Errno::PERM) => Gap::Denied(format!("may not read {path}; run as its owner or as root")),
            Some(Errno::LOOP) => Gap::Malformed(format!("{path} is a circle of links")),
            Some(Errno::NOSYS) => Gap::Unreachable(format!("cannot read {path}: this kernel, or the container's seccomp profile, has no openat2")),
            _ => Gap::Unreachable(format!("cannot read {path}: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
    };

    fn tree() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("etc")).unwrap();
        fs::write(folder.path().join("etc/shadow"), "inside").unwrap();
        let root = Root::at(folder.path());
        (folder, root)
    }

    #[test]
    fn links_end_inside() {
        let (folder, root) = tree();
        symlink("/etc/shadow", folder.path().join("etc/os-release")).unwrap();
        symlink("../../../../../../etc/shadow", folder.path().join("etc/up")).unwrap();
        symlink("/etc/hostname", folder.path().join("etc/outside")).unwrap();
        assert_eq!(root.read("/etc/os-release"), Ok(Some("inside".into())));
        assert_eq!(root.read("/etc/up"), Ok(Some("inside".into())));
        assert_eq!(root.read("/etc/outside"), Ok(None), "it is there on this machine, and not in the tree");
        assert_eq!((root.link("/etc/outside").as_deref(), root.link("/etc/shadow"), root.link("/etc/none")), (Some("/etc/hostname"), None, None));
    }

    #[test]
    fn what_is_no_file_is_a_gap_and_holds_nobody_up() {
        let (folder, root) = tree();
        symlink("/etc/b", folder.path().join("etc/a")).unwrap();
        symlink("/etc/a", folder.path().join("etc/b")).unwrap();
        assert!(matches!(root.read("/etc/a"), Err(Gap::Malformed(why)) if why.contains("circle")));
        let pipe = folder.path().join("etc/pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert!(matches!(root.read("/etc/pipe"), Err(Gap::Malformed(why)) if why.contains("no regular file")));
        fs::write(folder.path().join("etc/long"), vec![b'x'; LONGEST as usize + 1]).unwrap();
        assert!(matches!(root.read("/etc/long"), Err(Gap::Truncated(_))));
        assert_eq!(root.list("/etc").unwrap().unwrap(), ["a", "b", "long", "pipe", "shadow"]);
        assert_eq!((root.list("/var"), root.read("/etc/shadow/x")), (Ok(None), Ok(None)));
        assert!(root.has("/etc/shadow") && !root.has("/etc/none"));
    }

    #[test]
    fn what_may_not_be_read_is_denied() {
        let (folder, root) = tree();
        fs::set_permissions(folder.path().join("etc/shadow"), fs::Permissions::from_mode(0o000)).unwrap();
        let read = root.read("/etc/shadow");
        // Whoever is root may read it.
        assert!(read == Ok(Some("inside".into())) || matches!(read, Err(Gap::Denied(_))));
    }
}
