//! Who may read a file: its mode and owners, in words, for whoever may not.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

/// ` (mode 640, owner root, group adm)`; empty where even that cannot be told.
pub fn of(path: &Path) -> String {
    let Ok(meta) = fs::metadata(path) else { return String::new() };
    let (owner, group) = (named("/etc/passwd", meta.uid()), named("/etc/group", meta.gid()));
    format!(" (mode {:o}, owner {owner}, group {group})", meta.mode() & 0o777)
}

/// The name of an id by the machine's own table, else the number.
fn named(table: &str, id: u32) -> String {
    let text = fs::read_to_string(table).unwrap_or_default();
    let mut entries = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = entries.find(|fields| fields.get(2).is_some_and(|n| n.parse() == Ok(id)));
    found.and_then(|fields| fields.first().map(|name| (*name).to_owned())).unwrap_or_else(|| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn mode_and_owners_are_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).unwrap();
        let meta = file.as_file().metadata().unwrap();
        let told = of(file.path());
        assert!(told.starts_with(" (mode 640, owner "), "{told}");
        assert!(meta.uid() != 0 || told.contains("owner root"), "{told}");
        assert_eq!(of(Path::new("/nowhere/at/all")), "");
        assert_eq!(named("/etc/passwd", u32::MAX - 7), (u32::MAX - 7).to_string());
    }
}
