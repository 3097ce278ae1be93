//! A full disk and a folder that cannot be written: said at once, before anything is sent where that can be known.
//! Real ones: a small tmpfs and a read-only bind mount in a mount namespace of their own, which only root can make.

use super::recorded::SPEC;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// Runs a script with mounts of its own; `None`, loudly, where that is not possible.
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn with_mounts(folder: &Path, script: &str) -> Option<Output> {
    let can = Command::new("unshare").args(["-m", "true"]).output().is_ok_and(|o| o.status.success());
    if !can {
        eprintln!("SKIPPED: `unshare -m` needs root: full disks and read-only folders are not tried here");
        return None;
    }
    let script = format!("set -e\nmount --make-rprivate /\n{script}");
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &script]).current_dir(folder);
    command.env("RIGCHECK", env!("CARGO_BIN_EXE_rigcheck")).env_remove("RIGCHECK_SPEC").env("TMPDIR", folder);
    Some(command.output().unwrap())
}

#[track_caller]
fn refused(ran: &Output, parts: &[&str]) -> String {
    let err = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2), "{err}{}", String::from_utf8_lossy(&ran.stdout));
    for part in parts {
        assert!(err.contains(part), "no {part} in {err}");
    }
    err
}

#[test]
fn a_disk_that_is_full_is_said_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("m")).unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    let script = "mount -t tmpfs -o size=2m tmpfs m; cp rigcheck.yaml m/; cd m; set +e
        \"$RIGCHECK\" audit; code=$?
        ls .rigcheck/runs > ../left; \"$RIGCHECK\" runs list > ../list; exit $code";
    let Some(ran) = with_mounts(folder.path(), script) else { return };
    let err = refused(&ran, &["error: recording the run: writing ", ".rigcheck/runs/", "No space left", "rigcheck runs prune"]);
    assert!(!err.contains("plan:"), "nothing was begun: {err}");
    assert_eq!(fs::read_to_string(folder.path().join("left")).unwrap(), "", "nothing is left behind");
    assert!(fs::read_to_string(folder.path().join("list")).unwrap().starts_with("There is no run in "));
}

#[test]
fn a_disk_that_fills_up_during_a_run_ends_it_at_the_first_write() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("m")).unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    // A line that comes in while the log is read back fills the disk: the room that was there at the beginning is gone.
    let script = "mount -t tmpfs -o size=6m tmpfs m; cp rigcheck.yaml m/; cd m; set +e
        (while [ ! -s .rigcheck/runs/*/events.jsonl ]; do sleep 0.01; done; cat /dev/zero > fill) 2>/dev/null &
        \"$RIGCHECK\" audit; code=$?
        wait; rm -f fill; \"$RIGCHECK\" runs list > ../list; exit $code";
    let Some(ran) = with_mounts(folder.path(), script) else { return };
    refused(&ran, &["error: ", ".jsonl", "No space left", "rigcheck runs prune"]);
    let list = fs::read_to_string(folder.path().join("list")).unwrap();
    assert!(list.contains("1 run, ") && (list.contains("interrupted") || list.contains("broken")), "{list}");
}

#[test]
fn a_folder_that_cannot_be_written_is_said_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("m")).unwrap();
    fs::write(folder.path().join("m/rigcheck.yaml"), SPEC).unwrap();
    let script = "mount --bind m m; mount -o remount,ro,bind m; cd m; set +e; \"$RIGCHECK\" audit";
    let Some(ran) = with_mounts(folder.path(), script) else { return };
    let err = refused(&ran, &["error: recording the run: making ", ".rigcheck/runs", "Read-only file system", "a folder that you may write"]);
    assert!(!err.contains("plan:"), "{err}");
    // Where runs are already, nothing is lost and nothing is added.
    fs::create_dir_all(folder.path().join("m/.rigcheck/runs")).unwrap();
    let Some(ran) = with_mounts(folder.path(), script) else { return };
    refused(&ran, &["error: recording the run: ", ".rigcheck", "Read-only file system"]);
}
