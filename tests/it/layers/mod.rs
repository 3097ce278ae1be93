//! A module imports only from lower levels, and modules of one level do not import one another.
//! Every path token is read, not only `use` lines: `crate::`, and `super::` where it leaves a module.

mod code;
mod permissions;
mod world;

use code::{code, outside_tests, paths};
use std::{
    fs,
    path::{Path, PathBuf},
};

const LEVELS: [&[&str]; 9] = [
    &["model"],
    &["stats"],
    &["llm", "traces", "usage", "fidelity"],
    &["audits", "kept", "scoring"],
    &["report", "spec"],
    &["engine", "store"],
    &["reference"],
    &["sources"],
    &["cli"],
];

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|l| l.contains(&module))
}

/// The top modules that a text names. One that names the root as a whole (`use crate::*`, `use super as root`) names `*`.
fn imports(own: &[&str], text: &str) -> Vec<String> {
    let code = code(text);
    let firsts = paths(own, &code, &[]).into_iter().map(|path| path.first().map_or("*", |m| *m).to_owned());
    firsts.filter(|m| m == "*" || level(m).is_some()).collect()
}

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// A Rust file: its path below the folder, and its text.
fn files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut all = vec![];
    walk(&root, &mut all);
    all.sort();
    all.into_iter().map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

/// The module that a file below `src` is.
fn module(file: &str) -> Vec<&str> {
    file.trim_end_matches(".rs").split('/').filter(|part| !["mod", "lib", "main"].contains(part)).collect()
}

#[test]
fn imports_run_one_way() {
    let mut wrong = vec![];
    for (file, text) in files("src") {
        let own = module(&file);
        let Some(top) = own.first() else { continue };
        let Some(height) = level(top) else { panic!("{top} has no level: give it one") };
        for other in imports(&own, &text) {
            if other != *top && level(&other).is_none_or(|l| l >= height) {
                wrong.push(format!("{file}: `{top}` (level {height}) imports `{other}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_small() {
    let lengths = |folder| {
        let mut all: Vec<(usize, String)> =
            files(folder).into_iter().map(|(file, text)| (text.lines().count(), format!("{folder}/{file}"))).collect();
        all.sort();
        all
    };
    let src = lengths("src");
    for all in [&src, &lengths("tests"), &lengths("examples"), &lengths("benches")] {
        let (longest, path) = all.last().unwrap();
        assert!(*longest <= 500, "{path} has {longest} lines: is there more than one noun in it?");
    }
    let median = src[src.len() / 2].0;
    assert!(median <= 150, "the median file has {median} lines");
}

#[test]
fn only_the_shell_prints() {
    for (file, text) in files("src") {
        if file.starts_with("cli/") || file == "main.rs" {
            continue;
        }
        let code = outside_tests(&text);
        for word in ["println!", "print!(", "dbg!", "stdout()", "stderr()"] {
            assert!(!code.contains(word), "{file} uses {word}");
        }
    }
}
