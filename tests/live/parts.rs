//! The stack's own promises: data is there when `up` returns, nothing is there when `down` does.
#![allow(clippy::disallowed_methods, reason = "reads the stack's records and runs its scripts")]

use crate::{
    rig::Turn,
    stack::{NotUp, Stack, or_skip},
};
use serde_json::Value;
use std::{fs, path::Path, process::Command};

async fn json(url: &str) -> Value {
    reqwest::get(url).await.expect("an answer").json().await.expect("JSON")
}

/// Whether the process still does anything: a zombie does not.
fn lives(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.rsplit(") ").next().unwrap_or_default().starts_with('Z'))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_target_is_scraped_when_up_returns_and_nothing_runs_after_down() {
    let name = "every_target_is_scraped_when_up_returns_and_nothing_runs_after_down";
    let _turn = Turn::take(1);
    let args = ["jaeger", "node_exporter", "alertmanager", "prometheus", "--targets", "jaeger,node_exporter,alertmanager,prometheus"];
    let Some(stack) = or_skip(name, Stack::up(&args)) else { return };

    let up = json(&format!("{}/api/v1/query?query=up", stack.url("prometheus"))).await;
    let mut jobs: Vec<_> = up["data"]["result"]
        .as_array()
        .expect("a vector")
        .iter()
        .map(|r| (r["metric"]["job"].as_str().unwrap_or_default().to_owned(), r["value"][1].as_str().unwrap_or_default().to_owned()))
        .collect();
    jobs.sort();
    let expected = ["alertmanager", "jaeger", "node_exporter", "prometheus"].map(|job| (job.to_owned(), "1".to_owned()));
    assert_eq!(jobs, expected);
    for part in ["jaeger", "node_exporter", "alertmanager", "prometheus"] {
        let page = reqwest::get(stack.part(part).metrics_url()).await.expect("an answer").text().await.expect("text");
        assert!(page.contains("# TYPE "), "{part} serves no metrics page:\n{page}");
    }

    let parts: Vec<_> = ["jaeger", "node_exporter", "alertmanager", "prometheus"].map(|p| (stack.part(p).pid, stack.url(p).to_owned())).into();
    assert!(parts.iter().all(|(pid, _)| lives(*pid)));
    let state = stack.dir().to_owned();
    drop(stack);
    for (pid, url) in parts {
        assert!(!lives(pid), "{pid} still runs");
        assert!(reqwest::get(&url).await.is_err(), "{url} still answers");
    }
    assert!(!state.exists(), "{} is left", state.display());
}

#[test]
fn two_stacks_run_side_by_side_and_end_alone() {
    let name = "two_stacks_run_side_by_side_and_end_alone";
    let Some(one) = or_skip(name, Stack::up(&["node_exporter"])) else { return };
    let Some(mut two) = or_skip(name, Stack::up(&["node_exporter"])) else { return };
    let kept = two.part("node_exporter").pid;
    drop(one);
    assert!(lives(kept));
    two.down("node_exporter");
    assert!(!lives(kept));
}

#[test]
fn what_a_killed_run_left_is_found_and_ended() {
    let name = "what_a_killed_run_left_is_found_and_ended";
    let base = tempfile::tempdir().expect("a folder");
    // the folder of a run whose process is gone: no process starts at tick 0 but the first
    let state = base.path().join("live-dead");
    fs::create_dir(&state).expect("a folder");
    fs::write(state.join("owner"), "1 999999999999\n").expect("a file");
    let script = |script: &str, state: &Path, args: &[&str]| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack").join(script);
        Command::new(path).args(args).env("RIGCHECK_STACK_STATE", state).output().expect("bash")
    };
    let up = script("up", &state, &["node_exporter"]);
    if up.status.code() == Some(3) {
        return crate::stack::skip(name, &String::from_utf8_lossy(&up.stderr));
    }
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    let record: Value = serde_json::from_slice(&fs::read(state.join("node_exporter.json")).expect("a record")).expect("JSON");
    let pid = u32::try_from(record["pid"].as_u64().expect("a pid")).expect("a pid");
    assert!(lives(pid));
    // a run that died before it could record: only the mark is left
    fs::remove_file(state.join("node_exporter.json")).expect("a record");

    assert!(script("down", base.path(), &["--left-over"]).status.success());
    assert!(!lives(pid));
    assert!(!state.exists());
}

#[test]
fn a_recorded_pid_of_another_process_is_left_alone() {
    let state = tempfile::tempdir().expect("a folder");
    let mut stranger = Command::new("sleep").arg("60").spawn().expect("sleep");
    let record = format!("{{\n  \"name\": \"jaeger\",\n  \"pid\": {},\n  \"start_ticks\": 1,\n  \"url\": \"\"\n}}\n", stranger.id());
    fs::write(state.path().join("jaeger.json"), record).expect("a file");
    let down = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack/down");
    let done = Command::new(down).env("RIGCHECK_STACK_STATE", state.path()).status().expect("bash");
    let spared = lives(stranger.id());
    stranger.kill().expect("our own child");
    stranger.wait().expect("our own child");
    assert!(done.success() && spared);
}

#[test]
fn what_is_not_installed_is_missing_and_what_is_misused_is_broken() {
    let cases: [(&[&str], &str); 3] =
        [(&["gateway"], "gateway needs --mock"), (&["prometheus"], "prometheus needs --targets"), (&["prometheus", "--", "x"], "no option --")];
    for (args, needs) in cases {
        match Stack::up(args) {
            Err(NotUp::Missing(why)) => assert!(why.contains("tests/stack/install"), "{why}"),
            Err(NotUp::Broken(why)) => assert!(why.contains(needs), "{why}"),
            Ok(_) => panic!("{args:?} came up"),
        }
    }
    assert!(matches!(Stack::up(&["no_such_part"]), Err(NotUp::Broken(why)) if why.contains("no_such_part")));
}
