//! `docs/permissions.md` names every path that a source asks, and every one that `init` asks, each in its place, and no other.

use super::files;
use std::{collections::BTreeSet, fs};

/// Where `init` looks.
const SURVEY: &str = "sources/survey/";

/// Paths that files ask by literals in their code, with `ID` for what is filled in.
fn asked(by: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, text) in files("src").into_iter().filter(|(file, _)| by(file)) {
        let code: String = text
            .split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .lines()
            .filter(|l| !l.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        for literal in code.split('"').skip(1).step_by(2) {
            let path = literal.strip_prefix('/').filter(|p| p.starts_with(|c: char| c.is_ascii_lowercase()));
            if let Some(path) = path.filter(|p| p.chars().all(|c| c.is_ascii_alphanumeric() || "/_{}:.-".contains(c))) {
                found.insert(format!("/{}", filled(path)));
            }
        }
        // `api.get::<Type>("path", …)`, `get::<Type>(looker, goal, "path", …)`: names below Prometheus' own path.
        for call in code.split("get::<").skip(1) {
            let name = call.split_once(">(").and_then(|(_, rest)| rest.split('"').nth(1));
            let name = name.unwrap_or_else(|| panic!("a question whose path is not a literal: get::<{call:.80}"));
            found.insert(format!("/api/v1/{name}"));
        }
    }
    // The frame into which Prometheus' names are filled, and ours for files of the machine.
    found.retain(|path| path != "/api/v1/ID" && !path.starts_with("/var/") && !path.starts_with("/etc/"));
    found
}

fn filled(path: &str) -> String {
    let mut out = String::new();
    for (i, piece) in path.split('{').enumerate() {
        let rest = if i == 0 { piece } else { piece.split_once('}').map_or("", |(_, rest)| rest) };
        out += if i == 0 { "" } else { "ID" };
        out += rest;
    }
    out
}

/// Paths behind a method in the tables of `init`, and in all others.
fn documented() -> [BTreeSet<String>; 2] {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/permissions.md")).unwrap();
    let (before, init) = text.split_once("\n## What `rigcheck init` looks at\n").unwrap();
    let (init, after) = init.split_once("\n## ").unwrap();
    [calls(init), calls(&format!("{before}{after}"))]
}

fn calls(text: &str) -> BTreeSet<String> {
    let calls = text.split('`').skip(1).step_by(2).filter_map(|code| code.split_once(' '));
    calls.filter(|(method, path)| ["GET", "POST"].contains(method) && path.starts_with('/')).map(|(_, path)| path.to_owned()).collect()
}

#[test]
fn every_call_has_a_line_and_every_line_a_call() {
    let [init, others] = documented();
    let mut asked_by_init = asked(|file| file.starts_with(SURVEY));
    // Control groups, procfs, other files of the environment and dashboards are files of this machine.
    let elsewhere = [
        SURVEY,
        "sources/exposition/",
        "sources/cgroup/",
        "sources/container/",
        "sources/kernel/",
        "sources/network/",
        "sources/noise/",
        "sources/dashboards/",
        "sources/environment/host/",
        "sources/environment/limits.rs",
        "sources/environment/process/",
        "sources/environment/python/",
        "sources/environment/mod.rs",
        "sources/environment/root.rs",
        "sources/environment/workload.rs",
    ];
    let mut asked = asked(|file| file.starts_with("sources/") && !elsewhere.iter().any(|folder| file.starts_with(folder)));
    assert!(asked.contains("/api/v3/traces/ID") && asked.contains("/api/v1/query"), "the search finds nothing: {asked:?}");
    assert!(asked_by_init.contains("/api/v1/metadata") && asked_by_init.contains("/openapi.json"), "the search finds nothing: {asked_by_init:?}");
    // What libraries ask by themselves: Docker's client.
    asked.extend(["NAME/logs", "json", "NAME/json", "NAME/stats"].map(|call| format!("/containers/{call}")));
    // ... for what a container is ...
    asked.insert("/images/NAME/json".into());
    // ... to run an interpreter in a container.
    asked.extend(["/containers/ID/exec", "/exec/ID/start"].map(str::to_owned));
    // ... and for a burn in a container.
    for call in [
        "version",
        "images/json",
        "images/create",
        "containers/create",
        "containers/ID/start",
        "containers/ID/logs",
        "containers/ID/wait",
        "containers/ID/kill",
    ] {
        asked.insert(format!("/{call}"));
    }
    asked_by_init.insert("/containers/json".into());
    assert_eq!(asked, others, "left: in the code, right: in docs/permissions.md");
    assert_eq!(asked_by_init, init, "left: in the code of init, right: in its table of docs/permissions.md");
}
