//! `rigcheck init` as a user runs it. Only named places are looked at: what else runs on this host is its own business.

use super::{Ran, rigcheck};
use crate::bad_input::server::{JSON, Mode, PRIVATE, place};
use std::{fs, path::Path};

fn init(folder: &Path, args: &[&str]) -> Ran {
    rigcheck(folder, &[&["init", "--named-only"], args].concat())
}

fn spec(folder: &Path) -> String {
    fs::read_to_string(folder.join("rigcheck.yaml")).unwrap()
}

#[test]
fn with_nothing_to_find_it_still_writes_a_spec_that_validates() {
    let folder = tempfile::tempdir().unwrap();
    let said = init(folder.path(), &["--rig", "staging"]).ends(0).out;
    assert!(
        said.contains("nothing was named")
            && said.contains("\nnext    name your API: rigcheck init --force --rig staging --named-only --target URL\n"),
        "{said}"
    );
    assert!(!said.contains("validate") && !said.contains("rule"), "nothing else can be done yet: {said}");
    let text = spec(folder.path());
    assert!(text.contains("\nrig: staging\n") && text.contains("\n# target:\n") && text.contains("LAT-01"), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 130), "{text}");
    let validated = rigcheck(folder.path(), &["validate"]).ends(0).out;
    assert!(validated.contains("is sound, but selects nothing to judge"), "{validated}");
    // Without their `#`, the commented sections are a sound spec, too.
    let on: String = text
        .lines()
        .map(|l| {
            if l.starts_with("# ") && !l.contains(": ") && !l.ends_with(':') || l.starts_with("# -") || l.starts_with("#   LAT") {
                "\n".into()
            } else {
                uncommented(l)
            }
        })
        .collect();
    fs::write(folder.path().join("rigcheck.yaml"), on).unwrap();
    rigcheck(folder.path(), &["validate"]).ends(0);
}

/// A line of YAML that was commented out; prose stays a comment.
fn uncommented(line: &str) -> String {
    let bare = line.trim_start();
    let yaml = bare.strip_prefix("# ").filter(|rest| {
        let key = rest.trim_start().split(':').next().unwrap_or_default();
        rest.contains(':') && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !rest.starts_with("rigcheck")
    });
    match yaml {
        Some(rest) => format!("{}{rest}\n", &line[..line.len() - bare.len()]),
        None => format!("{line}\n"),
    }
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("rigcheck.yaml"), "mine").unwrap();
    let err = init(here, &[]).ends(2).err;
    assert!(err.contains("is there already") && err.contains("--force") && spec(here) == "mine", "{err}");

    init(here, &["--force"]).ends(0);
    assert_eq!(fs::read_to_string(here.join("rigcheck.yaml.bak")).unwrap(), "mine");
    let second = spec(here);
    init(here, &["--force", "--rig", "other"]).ends(0);
    assert_eq!(fs::read_to_string(here.join("rigcheck.yaml.bak")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(here.join("rigcheck.yaml.bak.2")).unwrap(), second);

    let before = spec(here);
    let printed = init(here, &["--print", "--rig", "printed"]).ends(0);
    assert!(printed.out.contains("\nrig: printed\n") && printed.err.contains("name your API") && spec(here) == before, "{}", printed.out);
    assert_eq!(fs::read_dir(here).unwrap().count(), 3);
    let elsewhere = init(here, &["--spec", "none/rigcheck.yaml"]).ends(2).err;
    assert!(elsewhere.contains("there is no folder none"), "{elsewhere}");
}

#[test]
fn a_secret_is_written_as_a_reference_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for header in ["x-api-key: s3cret-value", "Authorization: Bearer s3cret-value", "X-Org: sk-s3cret-value"] {
        let said = init(here, &["--target", "http://127.0.0.1:9", "--header", header]).ends(2);
        assert!(said.err.contains("${env:API_KEY}") && !said.err.contains("s3cret"), "{}", said.err);
        assert!(!here.join("rigcheck.yaml").exists());
    }
    let said =
        init(here, &["--target", "http://127.0.0.1:9", "--header", "x-api-key: ${env:RIGCHECK_TEST_UNSET}", "--header", "X-Org: perf"]).ends(0);
    assert!(said.out.contains("the header x-api-key was not sent: its variable is not set"), "{}", said.out);
    let text = spec(here);
    assert!(text.contains(r#"headers: {x-api-key: "${env:RIGCHECK_TEST_UNSET}", X-Org: perf}"#), "{text}");
    // What is wrong with an option is what would be wrong with the spec.
    let bare = init(here, &["--force", "--target", "127.0.0.1:9"]).ends(2).err;
    assert!(bare.contains("--target: write http://127.0.0.1:9") && !bare.contains("as a spec"), "{bare}");
    let bad = init(here, &["--force", "--target", "http://jane:pw123456@127.0.0.1:9"]).ends(2).err;
    assert!(bad.contains("has credentials in it") && !bad.contains("pw123456"), "{bad}");
}

#[test]
fn a_secret_that_is_set_is_used_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rigcheck"))
        .current_dir(folder.path())
        .env_remove("RIGCHECK_SPEC")
        .env("API_KEY", "s3cret-value")
        .args(["init", "--named-only", "--target", "http://127.0.0.1:9", "--header", "x-api-key: ${env:API_KEY}"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let all = format!("{}{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr), spec(folder.path()));
    assert!(all.contains("${env:API_KEY}") && !all.contains("s3cret") && !all.contains("was not sent"), "{all}");
}

#[test]
fn logs_are_read_by_their_shape() {
    let json = r#"{"ts": "2026-11-26T02:23:47.717Z", "request_id": "a-1", "status": 200, "duration_ms": 458.2, "user": "alice@example.com"}"#;
    let without = r#"{"ts": "2026-11-26T02:23:47.717Z", "status": 200, "duration_ms": 458.2, "user": "alice@example.com"}"#;
    let nginx = r#"203.0.113.9 - alice@example.com [26/Nov/2026:02:23:47 +0000] "POST /v1/chat/completions HTTP/1.1" 200 512 "-" "curl/8""#;
    let timed = format!("{nginx} 0.458 7bac0629ca64890a3f4a0df5162b464b");
    let uvicorn = r#"INFO:     127.0.0.1:5000 - "POST /v1/chat/completions?user=alice@example.com HTTP/1.1" 200 OK"#;
    let table: [(&str, &[&str]); 7] = [
        (json, &["\n    id: request_id\n    at: ts\n    status: status\n    duration: {field: duration_ms, unit: ms}\n"]),
        (without, &["hold no id of the request", "structlog", "nginx.conf", "# access_log: {path: access.log"]),
        (nginx, &["hold neither an id of the request nor a duration", "log_format rigcheck escape=json"]),
        (&timed, &["$request_time $http_x_request_id\"\n", "\n    duration: {field: request_time, unit: s}\n"]),
        (uvicorn, &["uvicorn's default format", "class AccessLog"]),
        ("alice@example.com asked", &["neither JSON objects nor nginx's", "class AccessLog"]),
        ("", &["the log has no lines yet"]),
    ];
    for (line, expected) in table {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("access.log"), format!("{line}\n").repeat(3)).unwrap();
        let said = init(folder.path(), &["--target", "http://127.0.0.1:9", "--log", "access.log"]).ends(0);
        let text = spec(folder.path());
        for part in expected {
            assert!(text.contains(part), "{line}: no {part} in\n{text}");
        }
        assert!(!text.contains(PRIVATE) && !said.out.contains(PRIVATE) && !text.contains("203.0.113.9"), "{text}");
        rigcheck(folder.path(), &["validate"]).ends(0);
    }
    let folder = tempfile::tempdir().unwrap();
    let said = init(folder.path(), &["--log", "nowhere.jsonl", "--log", "/dev/null"]).ends(0).out;
    assert!(said.contains("✗ not found  access log    nowhere.jsonl") && said.contains("not a regular file"), "{said}");
    let text = spec(folder.path());
    assert!(text.contains("\n  access_log: {path: nowhere.jsonl") && text.contains("\n  access_log_2: {kind: access_log, path: /dev/null"), "{text}");
    rigcheck(folder.path(), &["validate"]).ends(0);
}

/// A target that is not on loopback gets a limit, and it is enough for the audit that `plan` shows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_be_spent_off_loopback_is_written_to_be_confirmed() {
    let url = place(Some(Mode::Says(JSON, r#"{"data": [{"id": "gpt-house"}, {"id": "gpt-other"}]}"#))).await;
    // The same server by an address that is not known to be this machine's.
    let url = url.replace("127.0.0.1", "0.0.0.0");
    let folder = tempfile::tempdir().unwrap();
    let said = init(folder.path(), &["--target", &url]).ends(0).out;
    let text = spec(folder.path());
    assert!(text.contains("CONFIRM what may be spent on it") && text.contains("\n  allow: {requests: "), "{text}");
    assert!(text.contains("model: rigcheck-truth,") && text.contains("is not among its 2 models") && !text.contains("gpt-"), "{text}");
    assert!(said.contains("litellm_params: {model: openai/rigcheck-truth, api_base: http://HOST-OF-THE-MOCK:9100/v1"), "{said}");
    let plan = rigcheck(folder.path(), &["plan"]).ends(0).out;
    assert!(plan.contains("Allowed: ") && !plan.contains("Too much"), "{plan}");
}

/// A server that is there and another one: nobody should look for what is silent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_and_something_else_is_not_called_silent() {
    let url = place(Some(Mode::Says(JSON, "[]"))).await;
    let folder = tempfile::tempdir().unwrap();
    let said = init(folder.path(), &["--target", "http://127.0.0.1:9", "--prometheus", &url]).ends(0).out;
    assert!(said.contains("✗ other      prometheus") && said.contains("is no Prometheus"), "{said}");
    assert!(said.contains("✗ silent     target"), "{said}");
}
