//! One run at a time on one rig.

use rigcheck::{
    model::units::Wall,
    store::{Alone, Holder, Shelf, StoreError},
};
use std::{fs, path::Path};

const SINCE: Wall = Wall(1_800_000_000_000_000);

fn hold(project: &Path, shared: &Path, origin: &str) -> Result<Alone, StoreError> {
    Shelf::of(project).hold(&Holder::us("rigcheck audit", "loadgen-1", project, SINCE), Some((shared, origin)))
}

#[test]
fn who_holds_a_rig_is_told_to_the_second() {
    let (project, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = hold(project.path(), shared.path(), "http://gw:8000").unwrap();
    let refused = hold(project.path(), shared.path(), "http://gw:8000").unwrap_err().to_string();
    for part in ["`rigcheck audit`", &format!("pid {}", std::process::id()), "loadgen-1", "2027-01-15 08:00:00 UTC", "--wait"] {
        assert!(refused.contains(part), "no {part} in {refused}");
    }
    drop(first);
    drop(hold(project.path(), shared.path(), "http://gw:8000").unwrap());
}

#[test]
fn two_projects_of_one_target_exclude_each_other() {
    let (one, two, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = hold(one.path(), shared.path(), "http://gw:8000").unwrap();
    let refused = hold(two.path(), shared.path(), "http://gw:8000").unwrap_err().to_string();
    assert!(refused.contains("at http://gw:8000") && refused.contains(&one.path().canonicalize().unwrap().display().to_string()), "{refused}");
    drop(hold(two.path(), shared.path(), "http://other:8000").unwrap());
    drop(first);
    assert_eq!(fs::read_dir(shared.path()).unwrap().count(), 0, "locks among other people's files are removed");
    drop(hold(two.path(), shared.path(), "http://gw:8000").unwrap());
}

/// Another user's lock is another file, which we can only read.
#[test]
fn another_users_run_is_seen_and_told() {
    let (project, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = hold(project.path(), shared.path(), "http://gw:8000").unwrap();
    let ours = fs::read_dir(shared.path()).unwrap().next().unwrap().unwrap().path();
    let theirs = ours.with_file_name(ours.file_name().unwrap().to_string_lossy().replacen('.', ".99", 1));
    drop(first);
    fs::write(&theirs, "{\"pid\": 4711, \"command\": \"rigcheck audit\\u001b[2J\", \"host\": \"h\", \"folder\": \"/srv/x\", \"since\": 0}\n")
        .unwrap();
    let file = fs::File::open(&theirs).unwrap();
    file.lock().unwrap();
    let refused = hold(project.path(), shared.path(), "http://gw:8000").unwrap_err().to_string();
    assert!(refused.contains("pid 4711") && refused.contains("/srv/x") && !refused.contains('\u{1b}'), "{refused:?}");
    // One that was left by a process that is gone holds nobody up.
    drop(file);
    drop(hold(project.path(), shared.path(), "http://gw:8000").unwrap());
    // Nor does what is no lock at all.
    fs::write(&theirs, [0xff; 9000]).unwrap();
    let file = fs::File::open(&theirs).unwrap();
    file.lock().unwrap();
    let refused = hold(project.path(), shared.path(), "http://gw:8000").unwrap_err().to_string();
    assert!(refused.contains("who holds it is not known"), "{refused}");
}

#[test]
fn a_shared_folder_that_cannot_be_used_leaves_the_projects_lock() {
    let (project, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = hold(project.path(), &shared.path().join("none"), "http://gw:8000").unwrap();
    assert!(matches!(hold(project.path(), shared.path(), "http://gw:8000"), Err(StoreError::Busy { .. })));
    drop(first);
    // Somebody put a link where our lock would be: it is not followed.
    let second = hold(project.path(), shared.path(), "http://gw:8000").unwrap();
    let at = fs::read_dir(shared.path()).unwrap().next().unwrap().unwrap().path();
    drop(second);
    let precious = project.path().join("precious");
    fs::write(&precious, "mine").unwrap();
    std::os::unix::fs::symlink(&precious, &at).unwrap();
    let third = hold(project.path(), shared.path(), "http://gw:8000").unwrap();
    assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
    let why = third.unlocked().unwrap();
    assert!(why.contains("plain file") && why.contains("http://gw:8000") && why.contains("would not be noticed"), "{why}");
}

/// A project's folder may have come from anybody.
#[test]
fn links_in_the_projects_folder_are_not_followed() {
    let project = tempfile::tempdir().unwrap();
    let (root, precious, nothing) = (project.path().join(".rigcheck"), project.path().join("precious"), project.path().join("nothing"));
    fs::create_dir(&root).unwrap();
    fs::write(&precious, "mine").unwrap();
    std::os::unix::fs::symlink(&nothing, root.join(".gitignore")).unwrap();
    for target in [&precious, &nothing] {
        let lock = root.join("lock");
        std::os::unix::fs::symlink(target, &lock).unwrap();
        let who = Holder::us("rigcheck audit", "loadgen-1", project.path(), SINCE);
        let refused = Shelf::of(project.path()).hold(&who, None).unwrap_err().to_string();
        assert!(refused.contains(".rigcheck/lock") && refused.contains("plain file"), "{refused}");
        fs::remove_file(&lock).unwrap();
    }
    assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
    assert!(!nothing.exists(), "nothing is made outside");
}
