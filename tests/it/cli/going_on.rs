//! A run that goes on while others look.

use super::{
    recorded::{SPEC, id, record},
    rigcheck,
};
use crate::report::samples;
use rigcheck::{
    model::{event::Sink, name::name, units::Wall},
    spec::{self, Exec, Options},
    store::{Holder, Shelf, Writer},
};
use std::{fs, path::Path};

/// Records the beginning of a run under the project's lock, as an audit does.
fn begin(folder: &Path, run: &str) -> Writer {
    let at = folder.join("rigcheck.yaml");
    fs::write(&at, SPEC).unwrap();
    let loaded = spec::load(&at, &Options { checks_dir: None, env: &|_| None, exec: Exec::Refused }).unwrap();
    let shelf = Shelf::of(folder);
    let alone = shelf.hold(&Holder::us("rigcheck audit", "loadgen-1", folder, Wall(1_800_000_000_000_000)), None).unwrap();
    let writer = shelf.begin_held(&name(run), &loaded.profile, alone).unwrap();
    let mut sample = samples::interrupted();
    sample.header.profile = loaded.profile.digest();
    for event in sample.events() {
        writer.on(&event);
    }
    writer
}

#[test]
fn a_run_that_goes_on_is_running_and_the_latest_is_the_last_that_ended() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), &id(1), samples::ready());
    let writer = begin(folder.path(), &id(2));
    let since = format!("running since 08:00:00 (pid {})", std::process::id());

    let list = rigcheck(folder.path(), &["runs", "list"]).ends(0).out;
    let words = list.replace(['│', '┆'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        !list.contains("INDETERMINATE") && !list.contains("interrupted") && !list.contains("broken") && words.contains("running since"),
        "{list}"
    );
    let json: serde_json::Value = serde_json::from_str(&rigcheck(folder.path(), &["runs", "list", "--output", "json"]).ends(0).out).unwrap();
    let run = &json["runs"][0];
    assert_eq!((run["running"].as_str(), run["verdict"].is_null(), run["interrupted"].as_bool()), (Some(since.as_str()), true, Some(false)));
    assert!(json["runs"][1]["running"].is_null());

    assert!(rigcheck(folder.path(), &["report", "latest"]).ends(0).out.contains("READY"));
    assert!(rigcheck(folder.path(), &["report", "latest", "-o", "nagios"]).ends(0).out.starts_with("RIGCHECK OK"));
    assert!(rigcheck(folder.path(), &["runs", "show", "latest"]).ends(0).out.contains(&id(1)));
    for args in [&["report", &id(2)][..], &["replay", &id(2)], &["runs", "show", &id(2)], &["runs", "export", &id(2), "--to", "x"]] {
        let err = rigcheck(folder.path(), args).ends(2).err;
        assert!(err.contains(&format!("run {} is going on: `rigcheck audit`, pid {}", id(2), std::process::id())), "{err}");
    }

    // What was killed is interrupted, as ever.
    drop(writer);
    assert!(rigcheck(folder.path(), &["runs", "list"]).ends(0).out.contains("interrupted"));
    assert!(rigcheck(folder.path(), &["report", "latest"]).ends(130).out.contains("INTERRUPTED"));
}

#[test]
fn where_no_run_has_ended_the_one_that_goes_on_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let writer = begin(folder.path(), &id(1));
    let err = rigcheck(folder.path(), &["report", "latest"]).ends(2).err;
    assert!(err.contains("is going on"), "{err}");
    // It has ended when it is whole, not only when its process is gone.
    writer.finish().unwrap();
    rigcheck(folder.path(), &["report", "latest"]).ends(130);
}
