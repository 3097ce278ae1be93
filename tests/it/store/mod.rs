//! Runs on disk.

mod locks;
mod packed;
mod releases;

use rigcheck::{
    model::{
        event::{Event, Header, Recorder, Sink, Stamped},
        evidence::{Fact, Origin, Seen},
        key::{Key, LogLines as Ask, Payload, When, World},
        name::name,
        payload::{LogLine, LogLines},
        rows::{Rows, RowsWriter},
        units::{Ms, Span, Wall},
    },
    spec::profile::Profile,
    store::{Kept, Shelf, StoreError, open},
};
use std::{fs, os::unix::fs::PermissionsExt};

fn fact(lines: Rows<LogLine>) -> Fact {
    let key = Key { world: World::Live, source: name("log"), query: Ask { when: When::Now }.into() };
    let payload = Payload::LogLines(LogLines { lines, ..LogLines::default() });
    let span = Span { from: Wall(1), to: Wall(2) };
    Fact { key, answer: Ok(Seen { payload, covered: span, origin: Origin::default(), notes: vec![], partial: None }.into()) }
}

#[test]
fn many_rows_go_to_a_blob_sorted_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Shelf::of(folder.path()).begin(&name("01A00000000000000000000000"), &Profile::default()).unwrap();
    let mut rows = RowsWriter::new(writer.blobs());
    for i in (0..5_000).rev() {
        rows.push(LogLine { id: format!("{i:05}"), ..LogLine::default() }).unwrap();
    }
    writer.keep(&fact(rows.finish().unwrap())).unwrap();
    writer.finish().unwrap();
    let lines = |run: &rigcheck::store::Recorded| {
        let (_, answer) = run.evidence.iter().next().unwrap();
        let Payload::LogLines(l) = &answer.as_ref().unwrap().payload else { panic!("another payload") };
        l.lines.iter().map(|r| r.id).collect::<Vec<_>>()
    };
    let read = lines(&open(writer.path()).unwrap());
    assert_eq!(read.len(), 5_000);
    assert!(read.is_sorted());

    let blob = fs::read_dir(writer.path().join("blobs")).unwrap().next().unwrap().unwrap().path();
    let changed = fs::read_to_string(&blob).unwrap().replacen("00017", "99999", 1);
    fs::write(&blob, changed).unwrap();
    assert!(matches!(open(writer.path()), Err(StoreError::Changed { .. })));
}

#[test]
fn the_shelf_is_private_ignored_by_git_and_pruned() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::of(folder.path());
    assert!(matches!(shelf.find("latest"), Err(StoreError::NoRun { .. })));
    for id in ["01A00000000000000000000000", "01B00000000000000000000000", "02C00000000000000000000000"] {
        shelf.begin(&name(id), &Profile::default()).unwrap().finish().unwrap();
    }
    let root = folder.path().join(".rigcheck");
    assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::read_to_string(root.join(".gitignore")).unwrap(), "*\n");
    let stem = |wanted: &str| shelf.find(wanted).unwrap().file_stem().unwrap().to_string_lossy().into_owned();
    assert_eq!(
        (stem("latest"), stem("01A00000000000000000000000"), stem("01B00000000000000000000000.rig"), stem("02")),
        (
            "02C00000000000000000000000".into(),
            "01A00000000000000000000000".into(),
            "01B00000000000000000000000".into(),
            "02C00000000000000000000000".into()
        )
    );
    let refused = |wanted: &str| shelf.find(wanted).unwrap_err().to_string();
    assert_eq!(refused("01"), "`01` fits 2 runs: 01B00000000000000000000000, 01A00000000000000000000000; write more of it");
    assert!(
        refused("9").starts_with("there is no run `9` in ")
            && refused("9").ends_with("it has 02C00000000000000000000000, 01B00000000000000000000000, 01A00000000000000000000000")
    );
    let at = folder.path().display().to_string();
    assert_eq!(refused(&at), format!("{at} is not a run: a run is a folder with a profile.json"));
    assert_eq!(refused(&format!("{at}/none")), format!("{at}/none does not exist: there is no run"));
    fs::write(root.join(format!("runs/00{}.rig", "0".repeat(24))), "a run that somebody packed").unwrap();
    // Nor is what lies in a folder that we did not make, whatever it is called.
    let foreign = ["runs/01A00000000000000000000009.rig", "runs/01AAA.rig", "runs/zzz.rig"].map(|at| root.join(at));
    for at in &foreign {
        fs::create_dir(at).unwrap();
        fs::write(at.join(if at.ends_with("zzz.rig") { "profile.json" } else { "thesis.txt" }), "years of work").unwrap();
    }
    assert_eq!(stem("latest"), "02C00000000000000000000000");
    assert_eq!(shelf.prune(Kept { runs: 2, ..Kept::ALL }).unwrap(), 1, "a file is no run of ours");
    assert_eq!(shelf.list().unwrap().len(), 2);
    assert_eq!(shelf.prune(Kept { bytes: 0, ..Kept::ALL }).unwrap(), 1, "the newest always stays");
    assert!(shelf.find("02C00000000000000000000000").is_ok());
    assert_eq!(shelf.prune(Kept { runs: 0, ..Kept::ALL }).unwrap(), 0, "the newest always stays");
    assert!(foreign.iter().all(|at| fs::read_dir(at).unwrap().count() == 1), "nothing foreign is removed");
}

/// Whoever edits what a run was judged by has another run.
#[test]
fn a_profile_that_is_not_the_runs_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let profile = Profile { checks: "2027.1".into(), ..Profile::default() };
    let writer = Shelf::of(folder.path()).begin(&name("01A00000000000000000000000"), &profile).unwrap();
    let header = Header { profile: profile.digest(), gate: profile.gate, ..Header::default() };
    writer.on(&Stamped { seq: 0, after: Ms(0.0), event: Event::Began(header) });
    writer.finish().unwrap();
    assert!(open(writer.path()).is_ok());
    let at = writer.path().join("profile.json");
    let text = fs::read_to_string(&at).unwrap();
    fs::write(&at, text.replace("2027.1", "2027.2")).unwrap();
    assert!(matches!(open(writer.path()), Err(StoreError::OtherProfile { .. })));
}

#[test]
fn two_runs_of_one_project_never_go_on_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::of(folder.path());
    let first = shelf.begin(&name("01A00000000000000000000000"), &Profile::default()).unwrap();
    let refused = Shelf::of(folder.path()).begin(&name("01B00000000000000000000000"), &Profile::default()).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("another run"), "{refused}");
    assert_eq!(shelf.list().unwrap().len(), 1, "the second has left nothing behind");
    drop(first);
    shelf.begin(&name("01C00000000000000000000000"), &Profile::default()).unwrap();
}
