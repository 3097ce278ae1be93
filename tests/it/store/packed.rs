//! Exported runs, and files that only look like one.

use super::fact;
use flate2::{Compression, write::GzEncoder};
use rigcheck::{
    model::{
        event::{Event, Header, Recorder, Sink, Stamped},
        name::name,
        payload::LogLine,
        rows::RowsWriter,
        units::Ms,
    },
    spec::profile::Profile,
    store::{Bounds, Shelf, StoreError, export, import},
};
use std::{fs, io::Write, path::Path};
use tar::EntryType;

/// A run whose rows lie in a blob.
fn recorded(folder: &Path, id: &str) -> std::path::PathBuf {
    let writer = Shelf::of(folder).begin(&name(id), &Profile::default()).unwrap();
    let header = Header { run: name(id), ..Header::default() };
    writer.on(&Stamped { seq: 0, after: Ms(0.0), event: Event::Began(header) });
    let mut rows = RowsWriter::new(writer.blobs());
    for i in 0..5_000 {
        rows.push(LogLine { id: format!("{i:05}"), ..LogLine::default() }).unwrap();
    }
    writer.keep(&fact(rows.finish().unwrap())).unwrap();
    writer.finish().unwrap();
    writer.path().to_owned()
}

#[test]
fn a_run_with_blobs_survives_the_journey() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let run = recorded(here.path(), "01A00000000000000000000000");
    let packed = export(&run, vec![]).unwrap();
    assert_eq!(packed, export(&run, vec![]).unwrap(), "the same run is the same bytes");
    let file = there.path().join("x.tar.gz");
    fs::write(&file, &packed).unwrap();
    let shelf = Shelf::of(there.path());
    let imported = import(&shelf, &file, Bounds::default(), |_| Ok(())).unwrap();
    assert_eq!(imported, shelf.find("01A00000000000000000000000").unwrap());
    let names = |run: &Path| {
        let mut names: Vec<_> = fs::read_dir(run.join("blobs")).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&run), names(&imported));
    assert_eq!(export(&imported, vec![]).unwrap(), packed);
    assert!(matches!(import(&shelf, &file, Bounds::default(), |_| Ok(())), Err(StoreError::There { .. })));

    // What is changed or missing on the way is no run.
    let elsewhere = tempfile::tempdir().unwrap();
    for cut in [packed.len() / 2, packed.len() - 4] {
        fs::write(&file, &packed[..cut]).unwrap();
        let refused = import(&Shelf::of(elsewhere.path()), &file, Bounds::default(), |_| Ok(()));
        assert!(matches!(refused, Err(StoreError::NotExported { .. })), "cut at {cut}: {refused:?}");
    }
    let mut flipped = packed.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(&file, &flipped).unwrap();
    assert!(import(&Shelf::of(elsewhere.path()), &file, Bounds::default(), |_| Ok(())).is_err());
    assert_eq!(fs::read_dir(elsewhere.path().join(".rigcheck/runs")).unwrap().count(), 0, "nothing is left behind");

    // A broken run is not exported.
    fs::remove_dir_all(imported.join("blobs")).unwrap();
    assert!(matches!(export(&imported, vec![]), Err(StoreError::Changed { .. })));
}

/// An archive of these entries: name, kind, content.
fn archive(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(vec![], Compression::default()));
    for (path, kind, content) in entries {
        let mut header = tar::Header::new_ustar();
        // As raw bytes: the library itself refuses to write some of them.
        if path.len() > 100 {
            header.set_path(path).unwrap();
        } else {
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        }
        header.set_entry_type(*kind);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_size(content.len() as u64);
        header.set_mode(0o777);
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn hostile_archives_are_refused_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("project");
    fs::create_dir(&root).unwrap();
    let file = folder.path().join("x.tar.gz");
    let one = |path: &str, kind: EntryType| archive(&[(path, kind, b"{}")]);
    let profile = ("01A00000000000000000000000.rig/profile.json", EntryType::Regular, &b"{}"[..]);
    let mut bomb = GzEncoder::new(vec![], Compression::best());
    let mut header = tar::Header::new_ustar();
    header.set_path("01A00000000000000000000000.rig/evidence.jsonl").unwrap();
    header.set_size(64 << 20);
    header.set_entry_type(EntryType::Regular);
    header.set_cksum();
    bomb.write_all(header.as_bytes()).unwrap();
    for _ in 0..64 {
        bomb.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let many: Vec<_> = (0..40).map(|n| format!("01A00000000000000000000000.rig/blobs/{n:064x}")).collect();
    let many: Vec<_> = many.iter().map(|n| (n.as_str(), EntryType::Regular, &b""[..])).collect();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a path above", one("../01A00000000000000000000000.rig/profile.json", EntryType::Regular), "is no file of a run"),
        ("a path above within", one("01A00000000000000000000000.rig/../../evil", EntryType::Regular), "is no file of a run"),
        ("an absolute path", one("/tmp/profile.json", EntryType::Regular), "is no file of a run"),
        ("a name that is no id", one("zzz.rig/profile.json", EntryType::Regular), "is no file of a run"),
        ("a foreign file", one("01A00000000000000000000000.rig/.bashrc", EntryType::Regular), "is no file of a run"),
        ("a symbolic link", one("01A00000000000000000000000.rig/profile.json", EntryType::Symlink), "is not a plain file"),
        ("a hard link", one("01A00000000000000000000000.rig/profile.json", EntryType::Link), "is not a plain file"),
        ("a device", one("01A00000000000000000000000.rig/profile.json", EntryType::Char), "is not a plain file"),
        ("a pipe", one("01A00000000000000000000000.rig/profile.json", EntryType::Fifo), "is not a plain file"),
        ("a folder in place of a file", one("01A00000000000000000000000.rig/profile.json/", EntryType::Directory), "is not a plain file"),
        (
            "a link in place of the folder",
            archive(&[("01A00000000000000000000000.rig/blobs", EntryType::Symlink, b""), profile]),
            "is not a plain file",
        ),
        ("a long name", one("01A00000000000000000000000.rig/profile.json", EntryType::GNULongName), "is not a plain file"),
        ("an extension", one("01A00000000000000000000000.rig/profile.json", EntryType::XHeader), "is not a plain file"),
        ("a file twice", archive(&[profile, profile]), "is in it twice"),
        ("two runs", archive(&[profile, ("01B00000000000000000000000.rig/events.jsonl", EntryType::Regular, b"")]), "files of several runs"),
        ("a part of a run", archive(&[profile]), "it has no events.jsonl"),
        ("nothing", archive(&[]), "it has no profile.json"),
        ("a bomb", bomb.finish().unwrap(), "it unpacks to more than"),
        ("many files", archive(&many), "it unpacks to more than"),
        ("no archive", b"hello".to_vec(), "cannot be unpacked"),
    ];
    for (what, bytes, why) in cases {
        fs::write(&file, bytes).unwrap();
        let bounds = Bounds { bytes: 8 << 20, files: 30 };
        let refused = import(&Shelf::of(&root), &file, bounds, |_| Ok(())).map_err(|e| e.to_string());
        assert!(refused.as_ref().is_err_and(|e| e.contains(why) && e.contains("nothing was imported")), "{what}: {refused:?}");
    }
    assert_eq!(fs::read_dir(root.join(".rigcheck/runs")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing was written elsewhere");
}

#[test]
fn a_run_goes_by_its_own_name() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let run = recorded(here.path(), "01A00000000000000000000000");
    let other = run.with_file_name("01B00000000000000000000000.rig");
    fs::rename(&run, &other).unwrap();
    let file = there.path().join("x.tar.gz");
    fs::write(&file, export(&other, vec![]).unwrap()).unwrap();
    let refused = import(&Shelf::of(there.path()), &file, Bounds::default(), |_| Ok(())).unwrap_err().to_string();
    assert!(refused.contains("it holds run 01A00000000000000000000000 under the name 01B00000000000000000000000"), "{refused}");
}
