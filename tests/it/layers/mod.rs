//! A module imports only from lower levels, and modules of one level do not import one another.
//! Every `crate::` path token is read, not only `use` lines.

use std::{fs, path::Path};

const LEVELS: [&[&str]; 9] =
    [&["model"], &["stats"], &["llm"], &["audits", "scoring"], &["report", "spec"], &["engine", "store"], &["reference"], &["sources"], &["cli"]];

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|l| l.contains(&module))
}

/// The modules named after `crate::` in a text; nested braces are opened.
fn imports(text: &str) -> Vec<String> {
    let code: String = text.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut found = vec![];
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(inner) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut word = String::new();
            for c in inner.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 1 && (c.is_alphanumeric() || c == '_') {
                    word.push(c);
                } else {
                    if depth <= 1 || c == '{' || c == ':' {
                        found.extend((!word.is_empty()).then(|| word.clone()));
                    }
                    word.clear();
                    if depth == 1 && c == ':' {
                        word = "::".into(); // the rest of a path is no module of ours
                    }
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            found.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found.retain(|w| level(w).is_some());
    found
}

fn files(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn sources() -> Vec<std::path::PathBuf> {
    let mut all = vec![];
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    all.sort();
    all
}

#[test]
fn imports_run_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = vec![];
    for path in sources() {
        let inside = path.strip_prefix(&root).unwrap();
        let module = inside.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
        let Some(own) = level(&module) else {
            assert!(["lib", "main"].contains(&module.as_str()), "{module} has no level: give it one");
            continue;
        };
        for other in imports(&fs::read_to_string(&path).unwrap()) {
            if other != module && level(&other).unwrap() >= own {
                wrong.push(format!("{}: `{module}` (level {own}) imports `{other}`", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let text =
        "use crate::model::x;\nuse crate::{\n  spec::{a, b},\n  engine,\n};\nfn f() { crate::cli::run() } // crate::store\nuse mycrate::sources;";
    assert_eq!(imports(text), ["model", "spec", "engine", "cli"]);
}

#[test]
fn files_stay_small() {
    let mut lengths: Vec<(usize, String)> =
        sources().iter().map(|p| (fs::read_to_string(p).unwrap().lines().count(), p.display().to_string())).collect();
    lengths.sort();
    let (longest, path) = lengths.last().unwrap();
    assert!(*longest <= 500, "{path} has {longest} lines: is there more than one noun in it?");
    let median = lengths[lengths.len() / 2].0;
    assert!(median <= 150, "the median file has {median} lines");
}

#[test]
fn only_the_shell_prints() {
    for path in sources() {
        let shown = path.display().to_string();
        if shown.contains("/src/cli/") || shown.ends_with("main.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for word in ["println!", "eprintln!", "print!(", "dbg!"] {
            assert!(!code.lines().any(|l| l.contains(word) && !l.trim_start().starts_with("//")), "{shown} uses {word}");
        }
    }
}
