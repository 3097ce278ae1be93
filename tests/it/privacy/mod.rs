//! Nothing of others, and nothing unlisted of ours, stays: a prompt, a mail address and a token in every place where a rig
//! could show them, and a whole audit by the binary; then everything that it wrote is searched.

mod leaky;

use crate::cli::rigcheck;
use leaky::{EMAIL, Leaky, PROMPT, TOKEN};
use rigcheck::report::Format;
use std::{fs, path::Path};

/// Files below a folder with their text.
fn texts(folder: &Path) -> Vec<(String, String)> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(texts(&path));
        } else {
            found.push((path.display().to_string(), String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_planted_everywhere_is_nowhere_afterwards() {
    let [folder, work, elsewhere] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let rig = Leaky::start(folder.path()).await;
    fs::write(work.path().join("rigcheck.yaml"), rig.spec()).unwrap();
    fs::write(work.path().join("wrong.yaml"), rig.spec().replace("leaky_seconds", "others_seconds")).unwrap();
    let (at, other) = (work.path().to_owned(), elsewhere.path().to_owned());
    let (url, log) = (rig.url().to_owned(), folder.path().join("access.jsonl").display().to_string());
    let run = tokio::task::spawn_blocking(move || {
        // Before the audit, whose later requests are made to fail.
        let mut said = vec![];
        for (name, spec, output) in
            [("probe", "rigcheck.yaml", "human"), ("wrong probe", "wrong.yaml", "human"), ("wrong probe", "wrong.yaml", "json")]
        {
            said.push((name, rigcheck(&at, &["plan", "--probe", "--spec", spec, "--output", output])));
        }
        let outputs: Vec<String> = Format::words().iter().map(|word| format!("{word}:report.{word}")).collect();
        let mut args = vec!["audit", "--verbose"];
        args.extend(outputs.iter().flat_map(|o| ["--output", o]));
        said.push(("audit", rigcheck(&at, &args)));
        said.push(("replay", rigcheck(&at, &["replay", "latest", "--verbose"])));
        let named = ["--target", &url, "--prometheus", &url, "--jaeger", &url, "--scrape", &format!("{url}/metrics"), "--log", &log];
        said.push(("init", rigcheck(&at, &[&["init", "--named-only", "--spec", "drafted.yaml"], &named[..]].concat()).ends(0)));
        // What leaves by an export is packed: it is searched where it is unpacked.
        said.push(("export", rigcheck(&at, &["runs", "export", "latest", "--to", "run.tar.gz"]).ends(0)));
        said.push(("import", rigcheck(&other, &["runs", "import", &at.join("run.tar.gz").display().to_string()]).ends(0)));
        said
    });
    let said = run.await.unwrap();
    let of = |name: &'static str| said.iter().filter(move |(n, _)| *n == name).map(move |(_, ran)| ran);
    let report =
        fs::read_to_string(work.path().join("report.human")).unwrap_or_else(|e| panic!("{e}: {:?}", of("audit").map(|r| &r.err).collect::<Vec<_>>()));
    // A claim that counts nothing is told with what rose instead, whose labels are full of it.
    assert!(
        of("wrong probe").all(|ran| ran.out.contains("leaky_seconds{route=") && ran.code == 1),
        "{:?}",
        of("wrong probe").map(|r| &r.out).collect::<Vec<_>>()
    );

    // It was all there, and it was read: ours are in the log with their figures, traces came, the page was read.
    rig.planted_everywhere();
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(work.path().join("report.json")).unwrap()).unwrap();
    let answers = json["answers"].as_array().unwrap();
    for asked in ["load controlled load", "access_log log lines", "otlp spans", "scrape histogram total", "scrape metrics page"] {
        let answered = |a: &serde_json::Value| a["asked"] == asked && a["gap"].is_null();
        assert!(answers.iter().any(answered), "{asked} has no answer: {answers:?}");
    }
    assert!(report.contains("foreign traffic"), "{report}");
    let told: String = texts(work.path()).into_iter().filter(|(name, _)| name.ends_with("evidence.jsonl")).map(|(_, text)| text).collect();
    for (key, what) in [
        ("http.request.header.authorization", "header"),
        ("http.request.header.cookie", "header"),
        ("gen_ai.prompt", "prompt"),
        ("openai.api_key", "named"),
        ("http.url", "url_password"),
        ("settings", "named"),
        ("*", "url_password"),
        ("event.openai.api_key", "named"),
        ("resource.service.secret", "named"),
        ("status.message", "credentials"),
    ] {
        assert!(told.contains(&format!("\"key\":\"{key}\",\"what\":\"{what}\"")), "{key} was not counted");
    }

    let mut searched = texts(work.path());
    let imported = texts(elsewhere.path());
    assert!(imported.iter().any(|(name, _)| name.ends_with("evidence.jsonl")), "the export was not unpacked");
    searched.extend(imported);
    assert!(searched.iter().any(|(name, _)| name.ends_with("evidence.jsonl")), "a run was recorded");
    assert!(searched.iter().any(|(_, text)| text.contains("LAT-02")), "the search itself finds nothing");
    for file in Format::words().iter().map(|word| format!("report.{word}")).chain(["drafted.yaml".to_owned()]) {
        assert!(searched.iter().any(|(name, text)| name.ends_with(&file) && !text.is_empty()), "no {file}");
    }
    for (name, ran) in &said {
        searched.push((format!("what {name} said"), format!("{}{}", ran.out, ran.err)));
    }
    for planted in [PROMPT, EMAIL, TOKEN, "jane.doe", "illness", "9f8e7d6c5b4a"] {
        for (name, text) in &searched {
            let at = text.find(planted);
            let around = at.map(|at| text[text.floor_char_boundary(at.saturating_sub(150))..text.ceil_char_boundary(at + 100)].to_owned());
            assert!(around.is_none(), "`{planted}` is in {name}: {}", around.unwrap_or_default());
        }
    }
}
