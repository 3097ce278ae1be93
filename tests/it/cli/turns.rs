//! Two runs on one rig: the second is refused, or waits for its turn.

use super::{recorded::SPEC, rigcheck_with};
use rigcheck::{
    model::units::Wall,
    store::{Holder, Shelf},
};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
    folder
}

fn hold(folder: &Path) -> rigcheck::store::Alone {
    let who = Holder::us("rigcheck audit", "loadgen-1", folder, Wall(1_800_000_000_000_000));
    Shelf::of(folder).hold(&who, None).unwrap()
}

#[test]
fn who_holds_the_rig_is_told_and_waiting_can_be_bounded() {
    let (folder, shared) = (project(), tempfile::tempdir().unwrap());
    let _first = hold(folder.path());
    let err = rigcheck_with(folder.path(), shared.path(), &["audit"]).ends(2).err;
    for part in ["error: another run of rigcheck is going on here", "`rigcheck audit`", "on loadgen-1", "2027-01-15 08:00:00 UTC"] {
        assert!(err.contains(part), "no {part} in {err}");
    }
    let begun = Instant::now();
    let err = rigcheck_with(folder.path(), shared.path(), &["audit", "--wait=600ms"]).ends(2).err;
    assert!(begun.elapsed() >= Duration::from_millis(600));
    assert!(err.contains("waiting for another run here") && err.contains("error: waited for 600 ms"), "{err}");
    assert_eq!(fs::read_dir(folder.path().join(".rigcheck/runs")).unwrap().count(), 0, "nothing was begun");
}

fn waiting(folder: &Path, shared: &Path) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rigcheck"))
        .args(["audit", "--wait"])
        .current_dir(folder)
        .env("TMPDIR", shared)
        .env_remove("RIGCHECK_SPEC")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    assert!(line.starts_with("waiting for another run"), "{line}");
    (child, err)
}

#[test]
fn whoever_waits_runs_when_the_other_has_ended() {
    let (folder, shared) = (project(), tempfile::tempdir().unwrap());
    let first = hold(folder.path());
    let (mut child, mut err) = waiting(folder.path(), shared.path());
    drop(first);
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{rest}");
    assert_eq!(Shelf::of(folder.path()).list().unwrap().len(), 1, "{rest}");
    assert_eq!(fs::read_dir(shared.path()).unwrap().count(), 0, "its lock on the target is gone");
}

#[test]
fn whoever_waits_can_give_up() {
    let (folder, shared) = (project(), tempfile::tempdir().unwrap());
    let _first = hold(folder.path());
    let (mut child, _err) = waiting(folder.path(), shared.path());
    // It listens for signals when it has said that it waits; a signal that came before would have ended it, too.
    let ended = (0..100).find_map(|_| {
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().is_ok());
        std::thread::sleep(Duration::from_millis(100));
        child.try_wait().unwrap()
    });
    assert!(ended.is_some(), "it still waits");
    assert_eq!(Shelf::of(folder.path()).list().unwrap().len(), 0);
}

#[test]
fn a_probe_waits_and_a_mere_plan_does_not() {
    let (folder, shared) = (project(), tempfile::tempdir().unwrap());
    let alone = rigcheck_with(folder.path(), shared.path(), &["plan", "--wait"]).ends(2).err;
    assert!(alone.contains("it goes with --probe"), "{alone}");
    let probed = rigcheck_with(folder.path(), shared.path(), &["plan", "--probe", "--wait=1s"]).ends(3);
    assert!(probed.out.contains("refused"), "{}{}", probed.out, probed.err);
}
