//! Whose a file is: a spec says where requests and credentials go, and somebody else's is not followed unasked.
#![allow(clippy::disallowed_methods, reason = "looks who owns the files of a spec")]

use std::{io, os::unix::fs::MetadataExt, path::Path};

/// The owner of a file and us, if it is neither ours nor root's nor that of the spec that was named.
pub(super) fn stranger(path: &Path, named: Option<&Path>) -> io::Result<Option<(u32, u32)>> {
    let you = own_uid()?;
    let trusted = named.map(|n| n.metadata().map(|m| m.uid())).transpose()?;
    // The link itself and what it leads to: either could be somebody else's.
    let owners = [path.symlink_metadata()?.uid(), path.metadata()?.uid()];
    Ok(foreign(you, trusted, &owners).map(|owner| (owner, you)))
}

/// Ourselves and root are trusted; the first other owner is not.
fn foreign(you: u32, trusted: Option<u32>, owners: &[u32]) -> Option<u32> {
    owners.iter().copied().find(|owner| *owner != you && *owner != 0 && Some(*owner) != trusted)
}

/// The user that this process acts as: the owner of its own entry in `/proc`, or of a file that it makes.
pub fn own_uid() -> io::Result<u32> {
    match std::fs::metadata("/proc/self") {
        Ok(own) => Ok(own.uid()),
        Err(_) => Ok(tempfile::tempfile()?.metadata()?.uid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ourselves_and_root_are_trusted() {
        assert_eq!(foreign(1000, None, &[1000, 0]), None);
        assert_eq!(foreign(1000, None, &[1000, 1001]), Some(1001));
        assert_eq!(foreign(0, None, &[0, 1000]), Some(1000));
        assert_eq!(foreign(1000, Some(1001), &[1001, 0]), None);
    }
}
