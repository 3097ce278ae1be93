//! `docs/permissions.md` names every path that a source asks, and no other.

use super::files;
use std::{collections::BTreeSet, fs};

/// Paths that sources ask by literals in their code, with `ID` for what is filled in.
fn asked() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (file, text) in files("src").into_iter().filter(|(file, _)| file.starts_with("sources/") && !file.starts_with("sources/exposition/")) {
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
        if file.starts_with("sources/prometheus/") {
            // `api.get::<Type>("path", …)`
            for call in code.split(".get::<").skip(1) {
                let name = call.split_once(">(\"").and_then(|(_, rest)| rest.split('"').next());
                found.extend(name.map(|name| format!("/api/v1/{name}")));
            }
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

/// Paths behind a method in the tables.
fn documented() -> BTreeSet<String> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/permissions.md")).unwrap();
    let calls = text.split('`').skip(1).step_by(2).filter_map(|code| code.split_once(' '));
    calls.filter(|(method, path)| ["GET", "POST"].contains(method) && path.starts_with('/')).map(|(_, path)| path.to_owned()).collect()
}

#[test]
fn every_call_of_a_source_has_a_line_and_every_line_a_call() {
    let mut asked = asked();
    assert!(asked.contains("/api/v3/traces/ID") && asked.contains("/api/v1/query"), "the search finds nothing: {asked:?}");
    // What libraries ask by themselves: Docker's client.
    asked.extend(["/containers/NAME/logs", "/containers/json"].map(str::to_owned));
    assert_eq!(asked, documented(), "left: in the code, right: in docs/permissions.md");
}
