//! The nearest spec, and none beyond the repository.

use rigcheck::spec::discover::{FILE_NAME, find};
use std::{fs, io::Write};

#[test]
fn the_search_ends_at_the_root_of_the_repository() {
    let outside = tempfile::tempdir().unwrap();
    let repository = outside.path().join("repository");
    let deep = repository.join("a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::create_dir(repository.join(".git")).unwrap();
    fs::write(outside.path().join(FILE_NAME), "version: 1\n").unwrap();
    let nowhere = find(&deep).unwrap_err().to_string();
    assert!(nowhere.contains("no rigcheck.yaml in") && nowhere.contains("--spec FILE"), "{nowhere}");
    fs::write(repository.join("rigcheck.yml"), "").unwrap();
    assert!(find(&deep).unwrap_err().to_string().contains("rename it"));
    fs::write(repository.join(FILE_NAME), "version: 1\n").unwrap();
    assert_eq!(find(&deep).unwrap(), repository.join(FILE_NAME));
    fs::write(repository.join("a").join(FILE_NAME), "version: 1\n").unwrap();
    assert_eq!(find(&deep).unwrap(), repository.join("a").join(FILE_NAME), "the nearest one");
}

#[cfg(unix)]
#[test]
fn somebody_elses_spec_is_refused() {
    use std::os::unix::fs::{MetadataExt, chown};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    fs::write(&path, "version: 1\n").unwrap();
    let stranger = path.metadata().unwrap().uid() + 4321;
    if let Err(why) = chown(&path, Some(stranger), None) {
        // Not by the macro: the harness swallows what a passing test prints by it.
        let _ = writeln!(std::io::stderr(), "SKIPPED somebody_elses_spec_is_refused: only root can give a file away: {why}");
        return;
    }
    let refused = find(folder.path()).unwrap_err().to_string();
    assert!(refused.contains(&format!("belongs to another user (uid {stranger}")), "{refused}");
    assert!(refused.contains("--spec"), "{refused}");
    // From below, and through a link of our own.
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    assert!(find(&below).unwrap_err().to_string().contains("belongs to another user"));
    std::os::unix::fs::symlink(&path, below.join(FILE_NAME)).unwrap();
    assert!(find(&below).unwrap_err().to_string().contains("belongs to another user"));
    // The binary, too, and nothing is read of it: what stands there is no spec at all.
    let said = crate::cli::rigcheck(folder.path(), &["validate"]).ends(2);
    assert!(said.err.contains("belongs to another user"), "{}", said.err);
}
