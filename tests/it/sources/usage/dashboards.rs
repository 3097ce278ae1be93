//! Dashboards as files.

use super::super::metrics_world::slot;
use rigcheck::{
    model::{
        Gap, Source,
        audit::Effort,
        evidence::Seen,
        key::{Payload, Queries},
        name,
    },
    sources::dashboards::Dashboards,
};
use std::{fs, path::Path};

async fn ask(path: &Path) -> Result<Seen, Gap> {
    Dashboards::new(name("dashboards"), path.to_owned()).ask(&Queries {}.into(), Effort::default(), &slot(5.0)).await
}

fn places(seen: &Seen) -> Vec<String> {
    match &seen.payload {
        Payload::Queries(stored) => stored.queries.iter().map(|q| format!("{}: {}", q.place, q.expr)).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_folder_is_read_by_name_and_a_bad_file_does_not_hide_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let dashboard = |title: &str| format!(r#"{{"title": "{title}", "panels": [{{"title": "CPU", "targets": [{{"expr": "rate(x[5m])"}}]}}]}}"#);
    for (file, text) in [("b.json", dashboard("B")), ("a.json", dashboard("A")), ("c.txt", "no".into())] {
        fs::write(folder.path().join(file), text).unwrap();
    }
    fs::create_dir(folder.path().join("d.json")).unwrap();
    let all = folder.path().join("*.json");
    let seen = ask(&all).await.unwrap();
    assert_eq!(places(&seen), ["dashboard A, panel CPU: rate(x[5m])", "dashboard B, panel CPU: rate(x[5m])"]);
    assert_eq!((seen.partial.as_ref(), seen.notes.len()), (None, 0));
    fs::write(folder.path().join("aa.json"), "{\"panels\": [").unwrap();
    let seen = ask(&all).await.unwrap();
    assert_eq!((places(&seen).len(), seen.notes.len()), (2, 1));
    assert!(matches!(&seen.partial, Some(Gap::Malformed(why)) if why.contains("aa.json: not JSON (line 1, column 12)")), "{:?}", seen.partial);
}

#[tokio::test]
async fn what_is_not_there_is_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("x.json"), "[]").unwrap();
    fs::File::create(file("large.json")).unwrap().set_len(5 << 20).unwrap();
    for (path, kind, words) in [
        (file("none.json"), "unreachable", "no such file"),
        (file("*.yaml"), "unreachable", "no file has such a name"),
        (file("none/*.json"), "unreachable", "no such file or folder"),
        (folder.path().to_owned(), "not configured", "/*.json"),
        (file("x.json"), "malformed", "no dashboard of Grafana"),
        (file("large.json"), "truncated", "larger than 4 MiB"),
    ] {
        let gap = ask(&path).await.unwrap_err();
        assert!(gap.word() == kind && gap.to_string().contains(words), "{}: {gap}", path.display());
    }
}
