//! What cannot be looked at is said, with the reason; the rest is there, and nothing hangs.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts servers and runs the program")]

use super::{
    engine::{Engine, docker},
    tool::{Told, Tool, cells},
};
use crate::{
    rig::Turn,
    stack::{or_skip, skip},
    support::postgres::Server,
};
use serde_json::Value;
use std::{
    fs,
    io::Read,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

fn workload(what: &str) -> [String; 5] {
    ["snapshot".into(), "capture".into(), "-".into(), "--workload".into(), format!("gateway={what}")]
}

fn captured(tool: &Tool, what: &str) -> Told {
    tool.run(&workload(what).iter().map(String::as_str).collect::<Vec<_>>())
}

/// Why a fact is not known, which may be told by one above it.
fn gap(cells: &std::collections::BTreeMap<String, Value>, fact: &str) -> String {
    let above = std::iter::successors(Some(fact), |id| id.rsplit_once('.').map(|(above, _)| above));
    let found = above.filter_map(|id| cells.get(id)).find_map(|cell| cell.get("gap"));
    found.unwrap_or_else(|| panic!("{fact} is no gap: {:?}", cells.get(fact))).to_string()
}

#[test]
fn a_container_without_python_has_none_and_all_the_rest() {
    let test = "a_container_without_python_has_none_and_all_the_rest";
    let _turn = Turn::take(1);
    let Some(engine) = or_skip(test, Engine::up()) else { return };
    let Some(image) = or_skip(test, Engine::busybox()) else { return };
    let container = engine.run(&image.0, &["--network=none", "--memory=64m"], &["/bin/busybox", "sleep", "600"]);
    let tool = Tool::new();
    let told = captured(&tool, &format!("container:{}", container.name)).ends(0);
    let facts = cells(&told.out, "gateway");
    for fact in ["python.version", "python.packages", "python.implementation", "process.server"] {
        assert_eq!(facts[fact], "absent", "{fact}");
    }
    assert_eq!(facts["limits.memory"]["value"]["bytes"], 64 << 20);
    assert_eq!(facts["process.command"]["value"]["text"], "/bin/busybox sleep 600");
}

#[test]
fn a_container_that_is_paused_stopped_or_removed_is_told_as_it_is() {
    let test = "a_container_that_is_paused_stopped_or_removed_is_told_as_it_is";
    let _turn = Turn::take(1);
    let Some(engine) = or_skip(test, Engine::up()) else { return };
    let tool = Tool::new();
    // Nothing can be started in it: its files are read instead.
    let paused = engine.serve(&engine.image, &["--network=none"], 1, &[]);
    let running = cells(&captured(&tool, &format!("container:{}", paused.name)).ends(0).out, "gateway");
    docker(&["pause", &paused.name]).unwrap();
    let told = captured(&tool, &format!("container:{}", paused.name)).ends(0);
    let facts = cells(&told.out, "gateway");
    docker(&["unpause", &paused.name]).unwrap();
    assert!(told.took < Duration::from_secs(30), "{:?}", told.took);
    for fact in ["python.packages.fastapi", "python.packages.uvicorn"] {
        let of = |facts: &std::collections::BTreeMap<String, Value>| facts[fact]["value"]["version"]["text"].clone();
        assert_eq!(of(&facts), of(&running), "{fact}");
    }
    // What only the interpreter itself knows.
    assert!(!gap(&facts, "python.openssl").is_empty());

    docker(&["stop", "-t", "1", &paused.name]).unwrap();
    let told = captured(&tool, &format!("container:{}", paused.name)).ends(0);
    let facts = cells(&told.out, "gateway");
    for fact in ["process.workers", "limits.cpus", "python.version", "python.packages.fastapi", "os.id"] {
        assert!(gap(&facts, fact).contains("does not run"), "{fact}: {}", gap(&facts, fact));
    }
    assert_eq!(facts["container.network"]["value"]["text"], "none", "what Docker knows stays");
    assert!(told.err.contains("does not run"), "{}", told.err);

    let gone = captured(&tool, "container:rigcheck-environment-no-such-one").ends(0);
    assert!(gone.err.contains("rigcheck-environment-no-such-one"), "{}", gone.err);

    // It ends at any moment of the capture: before, while or after it is asked.
    let mut whole = 0;
    for n in 0..8_u64 {
        let ending = engine.run(
            &engine.image,
            &["--network=none"],
            &[&engine.python, "-c", "import time; print('Uvicorn running', flush=True); time.sleep(600)"],
        );
        ending.says("Uvicorn running", 1);
        let told = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(n * 120));
                let _ = docker(&["kill", &ending.name]);
            });
            captured(&tool, &format!("container:{}", ending.name)).ends(0)
        });
        assert!(told.took < Duration::from_secs(30), "{:?}", told.took);
        let Some(line) = told.out.lines().find(|line| line.contains("\"scope\":\"gateway\"")) else { panic!("{}", told.out) };
        let line: Value = serde_json::from_str(line).unwrap();
        let Some(facts) = line.pointer("/answer/Ok/payload/facts").and_then(Value::as_object) else {
            assert!(!line["answer"]["Err"].is_null(), "{line}");
            continue;
        };
        // Each is known or has its reason: a version that is absent would say that it is no Python.
        let version = facts.get("python.version").or_else(|| facts.get("python")).unwrap_or_else(|| panic!("{n}: {:?}", facts.keys()));
        assert_ne!(version, "absent", "{n}");
        assert!(facts.get("process.workers").or_else(|| facts.get("process")).is_some(), "{n}: {:?}", facts.keys());
        whole += u64::from(version.get("value").is_some());
    }
    println!("ended at 8 moments; {whole} captures were quicker");
}

#[test]
fn a_database_that_denies_or_hangs_costs_its_own_facts_only() {
    let test = "a_database_that_denies_or_hangs_costs_its_own_facts_only";
    let _turn = Turn::take(1);
    let Some(server) = or_skip(test, Server::start("denying", "", "")) else { return };
    for sql in ["CREATE ROLE app LOGIN", "REVOKE ALL ON pg_catalog.pg_settings FROM PUBLIC", "REVOKE ALL ON pg_catalog.pg_extension FROM PUBLIC"] {
        server.psql(sql);
    }
    let tool = Tool::new();
    let spec = |user: &str, port: u16| {
        format!("version: 1\nrig: r\nenvironment: {{}}\nsources:\n  postgres: {{url: \"postgresql://{user}@127.0.0.1:{port}/postgres\"}}\n")
    };
    let told = tool.capture("denied", &spec("app", server.port)).ends(0);
    let facts = tool.cells("denied", "postgres");
    for fact in ["settings", "settings.work_mem", "extensions"] {
        let why = gap(&facts, fact);
        assert!(why.contains("denied") && why.contains("pg_"), "{fact}: {why}");
    }
    assert!(facts["version"]["value"].is_object() && told.err.contains("postgres"), "{}", told.err);
    // The other side knows: it is open, and no match.
    tool.capture("known", &spec("postgres", server.port)).ends(0);
    let (told, diff) = tool.diff("denied", "known", &[]);
    told.ends(3);
    assert_eq!(diff.stands_out()["postgres.settings.fsync"], "unknown");

    // One that takes the connection, reads, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in silent.incoming().flatten() {
            thread::spawn(move || {
                let mut stream = stream;
                let _ = stream.read_to_end(&mut vec![]);
            });
        }
    });
    let began = Instant::now();
    let told = tool.capture("silent", &spec("app", port)).ends(0);
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    assert!(told.err.contains("postgres") && told.err.contains('?'), "{}", told.err);
    assert!(!tool.cells("silent", "host").is_empty());
    let line = tool.read("silent.json").lines().find(|line| line.contains("\"scope\":\"postgres\"")).map(str::to_owned);
    assert!(line.as_ref().is_some_and(|line| line.contains("\"Err\"")), "{line:?}");
    println!("a silent database: {:?}: {}", began.elapsed(), told.err.lines().next().unwrap_or_default());
}

#[test]
fn without_rights_what_is_denied_is_said_and_the_rest_is_there() {
    let test = "without_rights_what_is_denied_is_said_and_the_rest_is_there";
    let _turn = Turn::take(1);
    if Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout != b"0\n") {
        return skip(test, "only root can become nobody");
    }
    let Some(engine) = or_skip(test, Engine::up()) else { return };
    let gateway = engine.serve(&engine.image, &["--network=none"], 2, &[]);
    let pid = docker(&["inspect", "--format", "{{.State.Pid}}", &gateway.name]).unwrap();
    let tool = Tool::new();
    fs::set_permissions(tool.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Where the checkout is, nobody may not go.
    let program = tool.path().join("rigcheck");
    fs::copy(env!("CARGO_BIN_EXE_rigcheck"), &program).unwrap();
    let began = Instant::now();
    let mut nobody = Command::new("setpriv");
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).args(["snapshot", "capture", "-"]);
    for what in [format!("gateway=container:{}", gateway.name), format!("other=pid:{pid}")] {
        nobody.args(["--workload", &what]);
    }
    nobody.current_dir(tool.path()).env_remove("RIGCHECK_SPEC").env_remove("DOCKER_HOST").env("HOME", "/nonexistent").stdin(Stdio::null());
    let told = Told::from((nobody.output().unwrap(), began.elapsed())).ends(0);
    let line = told.out.lines().find(|line| line.contains("\"scope\":\"gateway\"")).unwrap();
    assert!(line.contains("\"Err\"") && line.contains("denied") && line.contains("docker"), "{line}");
    let other = cells(&told.out, "other");
    for fact in ["env", "python.version"] {
        assert!(gap(&other, fact).contains("denied"), "{fact}: {}", gap(&other, fact));
    }
    // What the kernel tells everybody.
    assert_eq!(other["process.server"]["value"]["text"], "uvicorn");
    assert_eq!(other["process.workers"]["value"]["count"], 2);
    assert_eq!(cells(&told.out, "host")["kernel.arch"]["value"]["text"], docker(&["info", "--format", "{{.Architecture}}"]).unwrap());
    assert!(told.err.contains("docker") && told.err.contains("not told"), "{}", told.err);
}
