//! Runs of other releases: a later one is named, not guessed at.

use rigcheck::{
    model::{
        event::{Event, Header, Sink, Stamped},
        name::name,
        units::Ms,
    },
    spec::profile::Profile,
    store::{FORMAT, Shelf, StoreError, THIS, head, open},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn recorded(folder: &Path, tool: &str, format: u32) -> PathBuf {
    let writer = Shelf::of(folder).begin(&name("01A00000000000000000000000"), &Profile::default()).unwrap();
    let header = Header { run: name("01A00000000000000000000000"), tool: tool.into(), format, ..Header::default() };
    writer.on(&Stamped { seq: 0, after: Ms(0.0), event: Event::Began(header) });
    writer.on(&Stamped { seq: 1, after: Ms(1.0), event: Event::Ended });
    writer.finish().unwrap();
    writer.path().to_owned()
}

/// Something in a file of the run that this release does not know.
fn change(run: &Path, file: &str, what: &str, with: &str) {
    let text = fs::read_to_string(run.join(file)).unwrap();
    assert!(text.contains(what), "{text}");
    fs::write(run.join(file), text.replacen(what, with, 1)).unwrap();
}

const FACT: &str = "{\"key\":{\"world\":\"live\",\"source\":\"x\",\"query\":{\"tomorrow\":{}}},\"answer\":{}}\n";

#[test]
fn what_a_later_release_wrote_is_said_to_be_that() {
    let changes: [(&str, fn(&Path)); 3] = [
        ("events.jsonl:2", |run| change(run, "events.jsonl", "\"ended\"", "\"reviewed\"")),
        ("evidence.jsonl:1", |run| fs::write(run.join("evidence.jsonl"), FACT).unwrap()),
        ("profile.json:", |run| change(run, "profile.json", "\"gate\"", "\"gates\"")),
    ];
    for (place, change) in changes {
        for (tool, later) in [("rigcheck 99.1.0", true), (THIS, false), ("rigcheck 0.0.1", false)] {
            let folder = tempfile::tempdir().unwrap();
            let run = recorded(folder.path(), tool, FORMAT);
            assert!(open(&run).is_ok());
            change(&run);
            let why = open(&run).unwrap_err();
            let told = why.to_string();
            assert!(told.contains(place), "{place}: {told}");
            assert_eq!(matches!(why, StoreError::OtherRelease { .. }), later, "{told}");
            assert_eq!(told.contains("recorded by rigcheck 99.1.0"), later, "{told}");
        }
    }
}

/// A field that is not known is passed over, unless the run says that it must not be.
#[test]
fn a_later_format_is_refused_even_if_all_of_it_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let run = recorded(folder.path(), "rigcheck 99.1.0", FORMAT + 1);
    for told in [open(&run).unwrap_err().to_string(), head(&run).unwrap_err().to_string()] {
        assert!(told.contains("recorded by rigcheck 99.1.0") && told.contains(THIS) && told.contains("read it with rigcheck 99.1.0"), "{told}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(open(&recorded(folder.path(), "rigcheck 99.1.0", FORMAT)).is_ok(), "a later release of the same format");
    let folder = tempfile::tempdir().unwrap();
    assert!(open(&recorded(folder.path(), "rigcheck 0.0.9", 0)).is_ok(), "an earlier one");
}

#[test]
fn a_truncated_profile_is_broken_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let run = recorded(folder.path(), THIS, FORMAT);
    let text = fs::read_to_string(run.join("profile.json")).unwrap();
    fs::write(run.join("profile.json"), &text[..20]).unwrap();
    let why = open(&run).unwrap_err();
    assert!(matches!(why, StoreError::Broken { .. }) && why.to_string().contains(THIS), "{why}");
    fs::write(run.join("profile.json"), "").unwrap();
    let told = open(&run).unwrap_err().to_string();
    assert!(told.contains("profile.json:1"), "{told}");
}

/// A name does not make a run the latest.
#[test]
fn the_latest_run_is_the_one_that_began_last() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::of(folder.path());
    for (id, started, ends) in
        [("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", 1, true), ("01A00000000000000000000000", 2, true), ("01B00000000000000000000000", 3, false)]
    {
        let writer = shelf.begin(&name(id), &Profile::default()).unwrap();
        let header = Header { run: name(id), started: rigcheck::model::units::Wall(started), ..Header::default() };
        writer.on(&Stamped { seq: 0, after: Ms(0.0), event: Event::Began(header) });
        if ends {
            writer.on(&Stamped { seq: 1, after: Ms(1.0), event: Event::Ended });
        }
        writer.finish().unwrap();
    }
    let ids: Vec<_> = shelf.list().unwrap().iter().map(|run| rigcheck::store::id_of(run)[..3].to_owned()).collect();
    assert_eq!(ids, ["01B", "01A", "7ZZ"]);
    assert_eq!(
        &rigcheck::store::id_of(&shelf.find("latest").unwrap())[..3],
        "01B",
        "an older verdict does not stand in for a run that was cut short"
    );
}
