//! Nothing of others, and nothing unlisted of ours, stays: a prompt, a mail address and a token in every place where a rig
//! could show them, and a whole audit by the binary; then everything that it wrote is searched.

mod leaky;

use crate::cli::rigcheck;
use leaky::{EMAIL, Leaky, PROMPT, TOKEN};
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
    let (folder, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let rig = Leaky::start(folder.path()).await;
    fs::write(work.path().join("rigcheck.yaml"), rig.spec()).unwrap();
    let at = work.path().to_owned();
    let run = tokio::task::spawn_blocking(move || {
        let outputs = ["human:report.txt", "json:report.json", "html:report.html"];
        let mut args = vec!["audit", "--verbose"];
        args.extend(outputs.iter().flat_map(|o| ["--output", o]));
        let audited = rigcheck(&at, &args);
        let replayed = rigcheck(&at, &["replay", "latest", "--verbose"]);
        (audited, replayed)
    });
    let (audited, replayed) = run.await.unwrap();
    let report = fs::read_to_string(work.path().join("report.txt")).unwrap_or_else(|e| panic!("{e}: {}", audited.err));

    // It was all there, and it was read: ours are in the log with their figures, traces came, the page was read.
    rig.planted_everywhere();
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(work.path().join("report.json")).unwrap()).unwrap();
    let answers = json["answers"].as_array().unwrap();
    for asked in ["load controlled load", "access_log log lines", "otlp spans", "scrape histogram total", "scrape metrics page"] {
        let answered = |a: &serde_json::Value| a["asked"] == asked && a["gap"].is_null();
        assert!(answers.iter().any(answered), "{asked} has no answer: {answers:?}");
    }
    assert!(report.contains("foreign traffic"), "{report}");

    let mut searched = texts(work.path());
    assert!(searched.iter().any(|(name, _)| name.ends_with("evidence.jsonl")), "a run was recorded");
    assert!(searched.iter().any(|(_, text)| text.contains("LAT-02")), "the search itself finds nothing");
    for (name, ran) in [("audit", &audited), ("replay", &replayed)] {
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
